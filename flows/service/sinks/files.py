"""Judged parts as files: one JSON file each, or lines of a CSV."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

from flows.service.schemas import AlertOut, PartTold

COLUMNS = ("id", "received_at", "category", "file_name", "verdict", "score", "tau", "warn_tau", "reason", "kind", "opinion", "review")


class JsonFolder:
    """``<folder>/<part id>.json``, whole or not at all; written anew when something is said of the part."""

    name = "results_folder"
    seconds_between = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def wants(self, part: PartTold) -> bool:
        """Every part."""
        return True

    def deliver(self, part: PartTold) -> None:
        """Write the file."""
        self._write(f"{part.id:08d}", part)

    def warn(self, alert: AlertOut) -> None:
        """Write ``alert-<id>.json``."""
        self._write(f"alert-{alert.id:08d}", alert)

    def _write(self, stem: str, told: PartTold | AlertOut) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._folder / f".{stem}.{os.getpid()}"
        aside.write_text(told.model_dump_json(indent=1), encoding="utf-8")
        aside.replace(self._folder / f"{stem}.json")


class CsvFile:
    """A line for each part, and one more whenever something is said of it; a header where the file is new.

    A file that an older version began keeps its columns.
    """

    name = "results_csv"
    seconds_between = 0.0

    def __init__(self, path: Path) -> None:
        self._path = path

    def wants(self, part: PartTold) -> bool:
        """Every part."""
        return True

    def deliver(self, part: PartTold) -> None:
        """Add the line."""
        told = part.model_dump(mode="json")
        opinion, review = part.opinion, part.review
        told["opinion"] = None if opinion is None or opinion.defective is None else "defective" if opinion.defective else "good"
        told["review"] = None if review is None else review.decision
        self._add(told)

    def warn(self, alert: AlertOut) -> None:
        """Add a line without a part: ``alert`` in the column of the verdict, what it is about as the reason."""
        told = alert.model_dump(mode="json")
        self._add({**told, "id": "", "received_at": told["at"], "verdict": "alert", "reason": alert.message})

    def _add(self, row: dict[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+", encoding="utf-8", newline="") as file:
            file.seek(0)
            columns = next(csv.reader(file), None)
            writer = csv.DictWriter(file, columns or COLUMNS, extrasaction="ignore")
            file.seek(0, os.SEEK_END)
            if columns is None:
                writer.writeheader()
            writer.writerow(row)
