"""Writes the reviewed parts as a dataset in MVTec's layout, which ``eagle run`` reads."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

from eagle_core.errors import DataError
from tasks.station import parts
from tasks.station.categories import categories, image_suffix, station_dataset
from tasks.station.station import Station


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export came to."""

    good: int
    defective: int
    without_image: int
    """Reviewed parts whose image retention has removed."""


def export_dataset(station: Station, folder: Path) -> Exported:
    """Good training images as they are, reviewed parts as test images, reviews as ``reviews.csv``.

    Raises:
        DataError: ``folder`` is there already and not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise DataError(f"{folder} is not empty; export into a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    counts = {"good": 0, "defective": 0}
    without = 0
    with (folder / "reviews.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["category", "image", "decision", "verdict", "score", "received_at", "file_name"])
        for category in categories(station.config):
            source = station_dataset(station.config).root / category / "train"
            shutil.copytree(source, folder / category / "train")
            with station.database.transaction() as session:
                reviewed = parts.reviewed(session, category)
            for part, decision in reviewed:
                image = station.images.path(part.image_sha256)
                if not image.is_file():
                    without += 1
                    continue
                name = f"part-{part.id:08d}{image_suffix(image.read_bytes())}"
                target = folder / category / "test" / decision / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(image, target)
                counts[decision] += 1
                row = [category, f"{decision}/{name}", decision, part.verdict, part.score, part.received_at.isoformat(), part.file_name]
                table.writerow(row)
    return Exported(counts["good"], counts["defective"], without)
