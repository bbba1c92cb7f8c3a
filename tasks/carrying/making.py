"""Fits a category of a project and writes it as one file."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

from eagle_core.config import EagleConfig
from tasks.carrying.export_file import write_export
from tasks.carrying.kit import fit_category, write_kit
from tasks.machinery.inputs import category_of
from tasks.machinery.provenance import provenance_of


def export_category(config: EagleConfig, dataset: str, category: str, project: Path, target: Path) -> None:
    """Write ``target``; test images prove it where there are any, else training images."""
    fitted = fit_category(config, dataset, category)
    known = category_of(config, dataset, category)
    provenance = asdict(provenance_of(config, {}, project)) | {"dataset": dataset, "expert": fitted.expert.key}
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_kit(fitted, Path(scratch) / "kit")
        write_export(config, category, folder, known.test or known.train, provenance, target)
