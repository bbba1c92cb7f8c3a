"""Runs of the ``eagle`` command in fresh processes that need not import torch, transformers and MLflow again.

A process that has imported every module of ``eagle_core`` and MLflow, and done nothing else, forks for each command.
The child has its own environment, working directory, arguments, output and process group, and runs what ``eagle`` runs.
What reads its environment while it is imported (Prefect, the flows) is imported by the child.
"""

from __future__ import annotations

import json
import os
import pkgutil
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn

MODULE = "tests.end_to_end.forks"
QUIET = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}


@dataclass
class Forked:
    """A command that was started."""

    arguments: tuple[str, ...]
    pid: int
    """Also of its process group."""
    answers: IO[bytes]
    """Unbuffered: what was not read can be waited for."""
    folder: Path
    is_over: bool = False
    """Whether its return code was read."""

    def running(self) -> bool:
        """False when it has ended."""
        return not select.select([self.answers], [], [], 0)[0]

    def kill(self) -> None:
        """End it, and what it started, by SIGKILL; it may have ended meanwhile."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.ended()

    def ended(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end: return code (-N: ended by signal N), and what it wrote."""
        code, self.is_over = _number(self.answers), True
        out, error = ((self.folder / name).read_text() for name in ("out", "error"))
        shutil.rmtree(self.folder)
        return subprocess.CompletedProcess(["eagle", *self.arguments], code, out, error)


class Forks:
    """The forking process, started when it is first needed. One command at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._server: subprocess.Popen[bytes] | None = None
        self._last: Forked | None = None

    def start(self, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> Forked:
        """Start ``eagle`` with ``arguments``; what a failed test left running is ended first."""
        if self._last is not None and not self._last.is_over:
            self._last.kill()
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-m", MODULE], cwd=self._root, env=os.environ | QUIET,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
            )  # fmt: skip
        requests, answers = self._server.stdin, self._server.stdout
        assert requests is not None and answers is not None
        folder = Path(tempfile.mkdtemp(prefix="forked-"))
        job = {"arguments": list(arguments), "cwd": str(cwd), "environment": dict(environment), "folder": str(folder)}
        requests.write(json.dumps(job).encode() + b"\n")
        self._last = Forked(tuple(arguments), _number(answers), answers, folder)
        return self._last


def _number(answers: IO[bytes]) -> int:
    answer = answers.readline()
    assert answer, "the forking process ended; its last words are on standard error"
    return int(answer)


def serve() -> None:
    """Import, then fork for each line of standard input; answer with the child's pid, and later its return code."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import eagle_core

    for module in pkgutil.walk_packages(eagle_core.__path__, "eagle_core."):
        import_module(module.name)
    import_module("mlflow")
    assert threading.active_count() == 1, threading.enumerate()
    while line := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            answers.close()
            _become(json.loads(line))  # ends as any process does, by SystemExit or a traceback
        with suppress(OSError):
            os.setpgid(child, child)  # also here: it may be killed before it comes to it
        print(child, file=answers, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _become(job: dict[str, Any]) -> NoReturn:
    """In the child: run the command as a process of its own would."""
    os.setpgid(0, 0)
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, name in ((1, "out"), (2, "error")):
        os.dup2(os.open(Path(job["folder"], name), os.O_WRONLY | os.O_CREAT, 0o600), descriptor)
    sys.argv = ["eagle", *job["arguments"]]
    from flows.cli.main import main

    main()
    sys.exit(0)


if __name__ == "__main__":
    serve()
