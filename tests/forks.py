"""Runs of the ``eagle`` command, and of modules, in fresh processes that need not import torch, transformers and MLflow again.

A process that has imported every module of ``eagle_core`` and the libraries that runs and stations use, and done nothing else,
forks for each command. The child has its own environment, working directory, arguments, output and process group, and runs
what ``eagle`` runs. What reads its environment while it is imported (the flows) is imported by the child, and Prefect is told to
read it again.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn

MODULE = "tests.forks"
QUIET = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}
LIBRARIES = (
    "mlflow.store.tracking.sqlalchemy_store", "alembic.command", "sqlalchemy.ext.asyncio", "graphviz", "pyarrow.dataset", "dvc_data.hashfile",
    "prefect.flows", "prefect.task_runners", "prefect.artifacts", "prefect.deployments", "prefect.runtime", "fastapi", "uvicorn", "multipart",
)  # fmt: skip
"""What MLflow imports late; Prefect without its engine, which sets up the logging; the station's."""


@dataclass
class Forked:
    """A command that was started."""

    arguments: tuple[str, ...]
    pid: int
    """Also of its process group."""
    folder: Path
    """out and error, what it writes; code, when it has ended."""

    def running(self) -> bool:
        """False when it has ended."""
        return not (self.folder / "code").exists()

    def kill(self) -> None:
        """End it, and what it started, by SIGKILL; it may have ended meanwhile."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.ended()

    def terminate(self) -> None:
        """Ask it to end, by SIGTERM, and wait until it has."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        self.ended()

    def said(self) -> tuple[str, str]:
        """What it has written so far: output, errors."""
        out, error = ((self.folder / name).read_text() for name in ("out", "error"))
        return out, error

    def ended(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end: return code (-N: ended by signal N), and what it wrote."""
        while self.running():
            assert _parent().alive(), "the forking process ended; its last words are on standard error"
            time.sleep(0.01)
        code = int((self.folder / "code").read_text())
        return subprocess.CompletedProcess(["eagle", *self.arguments], code, *self.said())


@dataclass
class _Parent:
    """The forking process."""

    process: subprocess.Popen[bytes]
    folder: Path
    """Of what its children write."""
    children: list[Forked] = field(default_factory=list)

    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        for child in self.children:
            if child.running():  # a failed test left it
                child.kill()
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)
        shutil.rmtree(self.folder)


@cache
def _parent() -> _Parent:
    """Started when it is first needed; it ends with this process."""
    command = [sys.executable, "-m", MODULE]
    root = Path(__file__).parent.parent
    folder = Path(tempfile.mkdtemp(prefix="forked-"))
    environment = os.environ | QUIET | {"PREFECT_HOME": str(folder / "prefect")}
    process = subprocess.Popen(command, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    made = _Parent(process, folder)
    atexit.register(made.end)
    return made


def start(arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], module: str | None = None) -> Forked:
    """Start ``eagle`` with ``arguments``, or ``module`` as ``python -m`` would; several may run at once."""
    parent = _parent()
    requests, answers = parent.process.stdin, parent.process.stdout
    assert requests is not None and answers is not None
    folder = Path(tempfile.mkdtemp(dir=parent.folder))
    job = {"arguments": list(arguments), "cwd": str(cwd), "environment": dict(environment), "folder": str(folder), "module": module}
    requests.write(json.dumps(job).encode() + b"\n")
    parent.children.append(Forked(tuple(arguments), _number(answers), folder))
    return parent.children[-1]


def _number(answers: IO[bytes]) -> int:
    answer = answers.readline()
    assert answer, "the forking process ended; its last words are on standard error"
    return int(answer)


def serve() -> None:
    """Import, then fork for each line of standard input and answer with the child's pid."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    gc.disable()
    import eagle_core

    for module in pkgutil.walk_packages(eagle_core.__path__, "eagle_core."):
        import_module(module.name)
    for library in LIBRARIES:
        import_module(library)
    assert threading.active_count() == 1, threading.enumerate()
    gc.collect()
    gc.freeze()  # a child that looked for garbage among what was imported would copy all of it
    gc.enable()
    ended = _Ended()
    signal.signal(signal.SIGCHLD, lambda *_: ended.collect())
    while line := sys.stdin.readline():
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            answers.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
            try:
                _become(job)
            except SystemExit as told:  # errors and Ctrl-C end it as they end any process
                _end(told)
        with suppress(OSError):
            os.setpgid(child, child)  # also here: it may be killed before it comes to it
        ended.expect(child, Path(job["folder"]))
        print(child, file=answers, flush=True)


class _Ended:
    """Writes the code of each child that has ended into its folder."""

    def __init__(self) -> None:
        self._folders: dict[int, Path] = {}
        self._codes: dict[int, int] = {}

    def expect(self, child: int, folder: Path) -> None:
        """It may have ended already."""
        self._folders[child] = folder
        self._tell()

    def collect(self) -> None:
        """The signal of two that ended may come once."""
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                self._codes[found[0]] = os.waitstatus_to_exitcode(found[1])
        self._tell()

    def _tell(self) -> None:
        for child in self._codes.keys() & self._folders.keys():
            folder = self._folders.pop(child, None)
            if folder is None:  # told by the signal's handler meanwhile
                continue
            (folder / "code.part").write_text(str(self._codes.pop(child)))
            (folder / "code.part").rename(folder / "code")


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
    from flows.cli.main import main  # sets defaults in the environment

    import_module("prefect.context").refresh_global_settings_context()
    if module := job["module"]:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        main()
    sys.exit(0)


def _end(told: SystemExit) -> NoReturn:
    """As the interpreter ends, but for taking apart what was imported: seconds, for memory that is thrown away."""
    if not (told.code is None or isinstance(told.code, int)):
        print(told.code, file=sys.stderr)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(told.code if isinstance(told.code, int) else int(told.code is not None))


if __name__ == "__main__":
    serve()
