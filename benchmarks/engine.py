"""What worker processes gain: seconds of the graph on threads of one process and on Dask, side by side.

Experts and answers can be computed by several processes at once; what one process must do alone (starting them, tables,
page, MLflow) cannot, so the ratio stays below the number of processes, and on few cores it may be below one: each
process imports the libraries and loads the MLLM for itself. Whole commands are timed, start-up included, each from an
empty store with one torch thread a process, so that both are given the same cores. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

PROJECT = Path(__file__).parent.parent


def seconds(engine: str, chosen: list[str]) -> float:
    """Wall time of ``eagle run`` on an engine, with its store, outputs and MLflow database in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        apart = {
            "run.cache_dir": f"{folder}/cache",
            "run.output_dir": f"{folder}/runs",
            "tracking.tracking_uri": f"sqlite:///{folder}/mlflow.db",
            "run.engine": engine,
            "run.threads": "1",
        }
        settings = [part for key, value in apart.items() for part in ("--set", f"{key}={value}")]
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "flows.cli.main", "run", *chosen, *settings],
            cwd=PROJECT, env=os.environ | {"EAGLE_LOG_LEVEL": "WARNING"}, stdout=subprocess.DEVNULL, check=True,
        )
        return time.perf_counter() - start


def main(
    workers: Annotated[list[int] | None, typer.Option(help="Processes; may be repeated. Default: 2 and 4.")] = None,
    shard_images: Annotated[int, typer.Option(help="Test images of a shard.")] = 64,
    profile: Annotated[str, typer.Option()] = "demo",
    categories: Annotated[str, typer.Option(help="Such as [blister, wood]; default: all of the demo.")] = "",
) -> None:
    """Print the times and their ratios to one process."""
    chosen = ["--profile", profile]
    if categories:
        chosen += ["--set", f"datasets.demo.categories={categories}"]
    alone = seconds("{kind: threads, workers: 1}", chosen)
    print(f"one process: {alone:.0f} s ({os.cpu_count()} cores)")
    found = {}
    for count in workers or [2, 4]:
        found[count] = seconds(f"{{kind: dask, workers: {count}, shard_images: {shard_images}}}", chosen)
        print(f"{count} processes: {found[count]:.0f} s, {alone / found[count]:.2f} times as fast")
    print(json.dumps({"one_process_s": alone, "dask_s": found, "cores": os.cpu_count()}))


if __name__ == "__main__":
    typer.run(main)
