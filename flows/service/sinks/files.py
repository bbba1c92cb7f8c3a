"""Judged parts as files: one JSON file each, or lines of a CSV."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

from flows.service.schemas import AlertOut, PartOut

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
        self._write(f"{part.id:08d}", part)

    def warn(self, alert: AlertOut) -> None:
        """Write ``alert-<id>.json``."""
        self._write(f"alert-{alert.id:08d}", alert)

    def _write(self, stem: str, told: PartOut | AlertOut) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._folder / f".{stem}.{os.getpid()}"
        aside.write_text(told.model_dump_json(indent=1), encoding="utf-8")
        aside.replace(self._folder / f"{stem}.json")


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
        self._add(part.model_dump(mode="json"))

    def warn(self, alert: AlertOut) -> None:
        """Add a line without a part: ``alert`` in the column of the verdict, what it is about as the reason."""
        told = alert.model_dump(mode="json")
        self._add({"received_at": told["at"], "category": alert.category, "verdict": "alert", "reason": alert.message})

    def _add(self, row: dict[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if file.tell() == 0:
                writer.writerow(COLUMNS)
            writer.writerow([row.get(column, "") for column in COLUMNS])
