"""What a sweep costs beside one run: seconds of ``eagle run`` and of ``eagle sweep``, each from an empty store.

A point pays for prompts and effective strengths of attention that no earlier point had, plus its metrics and its
MLflow run; experts, equal answers and metrics of methods that a parameter does not reach are taken from the store.
Whole processes are timed, start-up included. The last line is JSON.
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

import pandas as pd
import typer

PROJECT = Path(__file__).parent.parent
FULL = ["caas.alpha=0:1:0.1", "threshold.kappa=1:4:0.5"]


def seconds(arguments: list[str], folder: Path) -> float:
    """Wall time of ``eagle`` with its store, outputs and MLflow database in ``folder``."""
    apart = {
        "run.cache_dir": folder / "cache",
        "run.output_dir": folder / "runs",
        "tracking.tracking_uri": f"sqlite:///{folder}/mlflow.db",
    }
    settings = [part for key, value in apart.items() for part in ("--set", f"{key}={value}")]
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "flows.cli.main", *arguments, *settings],
        cwd=PROJECT, env=os.environ | {"EAGLE_LOG_LEVEL": "WARNING"}, stdout=subprocess.DEVNULL, check=True,
    )
    return time.perf_counter() - start


def main(
    grid: Annotated[list[str] | None, typer.Option("--set", help="Default: 11 alpha x 7 kappa.")] = None,
    profile: Annotated[str, typer.Option()] = "demo",
    categories: Annotated[str, typer.Option(help="Such as [blister, wood]; default: all of the demo.")] = "",
) -> None:
    """Print both times and their ratio."""
    chosen = ["--profile", profile]
    if categories:
        chosen += ["--set", f"datasets.demo.categories={categories}"]
    axes = [part for text in grid or FULL for part in ("--set", text)]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as many:
        run = seconds(["run", *chosen], Path(one))
        sweep = seconds(["sweep", *chosen, *axes], Path(many))
        [table] = Path(many).glob("runs/sweep/*/points.csv")
        points = pd.read_csv(table)
    varied = [text.partition("=")[0] for text in grid or FULL]
    results = points.drop(columns=[c for c in varied if c in points]).groupby("point")
    distinct = results.apply(lambda part: part.to_csv(index=False), include_groups=False).nunique()
    print(f"one run {run:.0f} s; sweep of {len(results)} points {sweep:.0f} s: {sweep / run:.2f} times one run")
    print(f"{distinct} of {len(results)} results are distinct")
    print(json.dumps({"run_s": run, "sweep_s": sweep, "ratio": sweep / run, "points": len(results), "distinct": int(distinct)}))


if __name__ == "__main__":
    typer.run(main)
