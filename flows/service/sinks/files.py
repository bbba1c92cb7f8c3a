"""Judged parts as files: one JSON file each, or lines of a CSV."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from flows.service.schemas import PartOut

COLUMNS = ("id", "received_at", "category", "file_name", "verdict", "score", "tau", "warn_tau", "reason")


class JsonFolder:
    """``<folder>/<part id>.json``, whole or not at all."""

    name = "results_folder"
    seconds_between = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def wants(self, part: PartOut) -> bool:
        """Every part."""
        return True

    def deliver(self, part: PartOut) -> None:
        """Write the file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._folder / f".{part.id:08d}.{os.getpid()}"
        aside.write_text(part.model_dump_json(indent=1), encoding="utf-8")
        aside.replace(self._folder / f"{part.id:08d}.json")


class CsvFile:
    """A line for each part, a header where the file is new. A part told twice has two lines of one id."""

    name = "results_csv"
    seconds_between = 0.0

    def __init__(self, path: Path) -> None:
        self._path = path

    def wants(self, part: PartOut) -> bool:
        """Every part."""
        return True

    def deliver(self, part: PartOut) -> None:
        """Add the line."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        row = part.model_dump(mode="json")
        with self._path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if file.tell() == 0:
                writer.writerow(COLUMNS)
            writer.writerow([row[column] for column in COLUMNS])
