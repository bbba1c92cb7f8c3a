"""How long one waits for Eagle: wall seconds of the commands that people type, in a project of their own.

Each line is a fresh process with a Prefect server of its own, as from a shell. The first run starts from nothing: it
makes the demo data, fits, asks and reports; ``--timings`` tells where its seconds go. Short commands are run three
times, and the median is shown. Other work on the machine makes all of them longer: leave it idle.

    python benchmarks/starting.py
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

PARAMS = Path(__file__).parent.parent / "params.yaml"
IMAGE = "data/demo/wood/test/good/000.png"


class Command(NamedTuple):
    """A line of the table."""

    arguments: tuple[str, ...]
    where: str
    """``project``, or ``empty``: a folder without a params.yaml."""
    repeats: int
    means: str


COMMANDS = (
    Command(("doctor",), "empty", 3, "no params.yaml: told"),
    Command(("inspect", "/no/such/file.png"), "project", 3, "no such image, nothing fitted: told"),
    Command(("run", "--profile", "mvtec"), "project", 3, "no data: told"),
    Command(("run", "--timings"), "project", 1, "the demo from nothing"),
    Command(("run",), "project", 3, "nothing changed"),
    Command(("inspect", IMAGE, "-c", "wood"), "project", 3, "one image, expert fitted"),
    Command(("doctor",), "project", 3, "everything looked at"),
)


def seconds_of(command: Command, folder: Path) -> tuple[float, str]:
    """Wall seconds of one process, and what it wrote."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "flows.cli.main", *command.arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return time.perf_counter() - began, done.stdout + done.stderr


def main() -> None:
    """Print a table, where the first run's seconds went, and one line of JSON."""
    found, timings = {}, ""
    with tempfile.TemporaryDirectory() as temporary:
        folders = {name: Path(temporary, name) for name in ("project", "empty")}
        for folder in folders.values():
            folder.mkdir()
        shutil.copyfile(PARAMS, folders["project"] / "params.yaml")
        print(f"{'command':44} {'s':>6}  what it is")
        for command in COMMANDS:
            runs = [seconds_of(command, folders[command.where]) for _ in range(command.repeats)]
            seconds, shown = statistics.median(run[0] for run in runs), " ".join(("eagle", *command.arguments))
            found[f"{shown} ({command.means})"] = round(seconds, 1)
            print(f"{shown:44} {seconds:6.1f}  {command.means}", flush=True)
            if "--timings" in command.arguments:
                timings = runs[0][1]
    print(timings)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
