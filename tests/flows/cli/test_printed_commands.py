"""Commands that commands print: those in messages and help are commands there are, and what `init` and `import` print runs."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.main import get_command

from flows.cli.main import app
from tests import forks
from tests.prefect_server import api_url

PROJECT = Path(__file__).parents[3]
HOLE = "X"
"""In place of what a message fills in."""


def texts(path: Path) -> Iterator[str]:
    """The strings of a module; f-strings with holes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


def printed_commands() -> set[str]:
    """In back-quotes in any message, and the indented examples of help."""
    found = set()
    for folder in ("eagle_core", "tasks", "flows"):
        for path in (PROJECT / folder).rglob("*.py"):
            if "eagle " not in path.read_text(encoding="utf-8"):
                continue  # parsing takes long, and every test worker does it
            for text in texts(path):
                found |= set(re.findall(r"`(eagle [^`]+)`", text))
                found |= set(re.findall(r"^      (eagle .+?)(?:  +.*)?$", text, re.MULTILINE))
    return found


COMMANDS = sorted(printed_commands())


def test_there_are_some() -> None:
    assert len(COMMANDS) > 40 and "eagle run" in COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_a_printed_command_is_one_that_there_is(command: str) -> None:
    """Its verbs and options exist, and it lacks no argument; nothing is run."""
    parse(command)


@pytest.mark.parametrize("wrong", ["eagle dat check x", "eagle data chek x", "eagle data import DIR --nme x", "eagle run more"])
def test_one_that_there_is_not_is_noticed(wrong: str) -> None:
    with pytest.raises(Exception, match="No such|unexpected extra"):
        parse(wrong)


def parse(command: str) -> None:
    words = shlex.split(command.replace("…", HOLE))[1:]
    found: Any = get_command(app)
    while hasattr(found, "resolve_command"):
        if not words:
            return
        _, found, words = found.resolve_command(found.context_class(found, info_name="eagle"), words)
    # A command that is only named, such as `eagle inspect`, is not one to paste.
    if words or not any(parameter.required for parameter in found.params):
        found.make_context(found.name, words)


def _photographs(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for number in range(8):
        Image.fromarray(rng.integers(90, 110, (48, 48, 3), dtype=np.uint8)).save(folder / f"IMG {number}.png")
    return folder


ON_THE_PATH = """#!/bin/sh
asked=$(mktemp -d "$ASKED/XXXXXX") && mkfifo "$asked/code" && pwd > "$asked/folder" && printf '%s\\0' "$@" > "$asked/words"
touch "$asked.ready"
read -r code < "$asked/code"
cat "$asked/out"
cat "$asked/error" >&2
exit "$code"
"""
"""``eagle`` of a shell: where it was called and with which words is told, and the test runs it in a process that has its imports."""


@pytest.fixture
def shell(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Runs a line as it would be pasted, in ``tmp_path`` or below it; ``eagle`` is on the path."""
    for folder in ("bin", "asked"):
        (tmp_path / folder).mkdir()
    script = tmp_path / "bin/eagle"
    script.write_text(ON_THE_PATH)
    script.chmod(0o755)
    environment = os.environ | {
        "PREFECT_API_URL": api_url(),
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(PROJECT), "PREFECT_HOME": str(tmp_path / ".prefect"),
        "COLUMNS": "200", "OMP_NUM_THREADS": "1", "ASKED": str(tmp_path / "asked"),
    }  # fmt: skip

    def answer(ready: Path) -> None:
        asked = ready.with_suffix("")
        ready.unlink()
        words = (asked / "words").read_bytes().decode().split("\0")[:-1]
        done = forks.start(words, Path((asked / "folder").read_text().removesuffix("\n")), environment).ended()
        (asked / "out").write_text(done.stdout)
        (asked / "error").write_text(done.stderr)
        (asked / "code").write_text(f"{done.returncode}\n")

    def run(line: str, *codes: int, inside: str = ".") -> str:
        told = [(tmp_path / name).open("w+") for name in ("out", "error")]
        pasted = subprocess.Popen(["bash", "-c", line], cwd=tmp_path / inside, env=environment, stdout=told[0], stderr=told[1])
        while pasted.poll() is None:
            for ready in (tmp_path / "asked").glob("*.ready"):
                answer(ready)
            time.sleep(0.02)
        out, error = ((tmp_path / name).read_text() for name in ("out", "error"))
        assert pasted.returncode in codes, out + error
        assert "Traceback" not in error
        return out

    return run


def _small(params: Path) -> None:
    """What takes long in a new project's params.yaml, made short."""
    content = yaml.safe_load(params.read_text(encoding="utf-8"))
    content["expert"]["preprocessing"] = {"resize": 64}
    content["threshold"]["bootstrap_samples"] = content.setdefault("evaluation", {})["bootstrap_samples"] = 10
    params.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


@pytest.mark.server
@pytest.mark.timeout(1800)
def test_what_init_import_and_a_first_run_print_can_be_pasted(shell, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    photographs = _photographs(tmp_path / "good lids (#1)")
    image = shlex.quote(str(photographs / "IMG 0.png"))
    begun = shell(f"eagle init 'line 3' --images {shlex.quote(str(photographs))}", 0)
    _small(tmp_path / "line 3/params.yaml")
    [following] = [line.removeprefix("Next: ") for line in begun.splitlines() if line.startswith("Next: ")]
    # Nothing is there to be judged yet: the run says so with code 3, and the last command is inspect's.
    ran = shell(following.replace("IMAGE", image), 0, 3)
    [judging] = [line.partition(": ")[2] for line in ran.splitlines() if line.startswith("judge an image by it: ")]
    assert "1 image:" in shell(judging.replace("IMAGE", image), 0, 3, inside="line 3")

    imported = shell(f"eagle data import {shlex.quote(str(photographs))} --name lids --link", 0, inside="line 3")
    [following] = [line.removeprefix("next: ") for line in imported.splitlines() if line.startswith("next: ")]
    assert "no test image in lids/" in shell(following, 3, inside="line 3")
