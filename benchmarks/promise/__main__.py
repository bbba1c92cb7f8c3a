"""Is a promised rate of false alarms kept? Every calibration and rule, on real photographs and drawn ones.

Features are extracted once a set. Then its normal images are divided 20 times, by whole groups (sheets of paper,
positions of a spindle, capture times; single images where nothing is known), into images to fit on and images to test on.
Each calibration scores the former by the code that ``eagle run`` uses; tau is fitted for each target and applied to the
latter and to the defective images. Limits of the achieved rate are one-sided 95 %, groups drawn again. ``auto`` is shown
beside the calibration that it takes.

    python -m benchmarks.promise --data FOLDER

FOLDER holds screw/, bottle/, cookie/, papers/ and ball_screw/ in MVTec's layout; what is missing is said and left out.
ELPV comes from its installed package, the demo from data/demo. Each calibration of a set is written as soon as it is done:
the same command, given again after an interruption, goes on there. docs/promise.json and the table of docs/promise.md
hold the sets that are complete, and those that were measured before.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks.promise.measuring import Measurement
from benchmarks.promise.results import collected, keeps, part_file, with_earlier, write, write_table
from benchmarks.promise.sets import TRAIN, ImageSet, sets
from eagle_core.config import CoresetConfig, ExpertConfig, PreprocessingConfig

PROJECT = Path(__file__).parents[2]


def main(
    data: Annotated[Path | None, typer.Option(envvar="EAGLE_REAL_DATA", help="Folder with the sets.")] = None,
    demo: Annotated[Path, typer.Option(help="The drawn images.")] = PROJECT / "data" / "demo",
    parts: Annotated[Path, typer.Option(help="Where each result goes as it is done.")] = PROJECT / "runs" / "promise",
    out: Annotated[Path, typer.Option(help="Folder of promise.json and promise.md.")] = PROJECT / "docs",
    resplits: int = 20,
    only: Annotated[list[str] | None, typer.Option(help="Sets by the beginning of their name.")] = None,
    threads: int = 1,
) -> None:
    torch.set_num_threads(threads)
    there = list(sets(data, demo))
    for images in there:
        if only is None or images.name.startswith(tuple(only)):
            _measure(images, parts, resplits)
            _publish(parts, out, [one.name for one in there], threads)


def _measure(images: ImageSet, parts: Path, resplits: int) -> None:
    """Every calibration of a set that is not there yet."""
    ratio = 0.01 if len(images.normal) >= TRAIN else 0.02
    config = ExpertConfig(preprocessing=PreprocessingConfig(resize=256), coreset=CoresetConfig(ratio=ratio))
    measurement = Measurement(images, config, min(resplits, images.repeats_enough))
    for calibration in measurement.calibrations:
        file = part_file(parts, images.name, calibration)
        if file.is_file():
            continue
        rows = measurement.rows(calibration)
        write(
            file,
            {
                "described": measurement.described(),
                "calibrations": measurement.calibrations,
                "calibration": calibration,
                "commit": _commit(),
                "rows": rows,
            },
        )
        for row in rows:
            if row["rule"] == "conformal":
                print(f"{images.name:24s}{calibration:14s}{row['target']:6.2f} promised {row['promised']:.3f}{row['achieved']:8.3f}"
                      f" [{row['low']:.3f}, {row['high']:.3f}] recall {row['recall']:.3f} {'' if keeps(row) else 'BROKEN'}"
                      f"  {row['seconds']:.1f} s", flush=True)  # fmt: skip


def _publish(parts: Path, out: Path, names: list[str], threads: int) -> None:
    """The sets that are complete, as JSON and as the table of the page; the others stay as they were published before."""
    done = with_earlier(collected(parts, names), out / "promise.json", names)
    described = {
        "benchmark": "promise",
        "command": "python -m benchmarks.promise --data FOLDER",
        "machine": f"{threads} thread of a {os.cpu_count()}-core CPU, at the lowest priority beside other work",
        "backbone": "tf_efficientnet_lite0, packaged, 256 x 256",
        "sets": done,
    }
    write(out / "promise.json", json.dumps(described, indent=1))
    if (out / "promise.md").is_file():
        write_table(out / "promise.md", done)


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=PROJECT, capture_output=True, text=True, check=True)
    return found.stdout.strip()


if __name__ == "__main__":
    typer.run(main)
