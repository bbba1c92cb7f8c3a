"""Fits a category of a project and writes it as one file."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

from eagle_core.config import EagleConfig, OtherRuntime
from eagle_core.expert.runtimes.extractor import write_extractor
from tasks.carrying.export_file import write_export
from tasks.carrying.kit import fit_category, read_kit, write_kit
from tasks.machinery.holders import backbone
from tasks.machinery.inputs import category_of
from tasks.machinery.provenance import provenance_of


def export_category(
    config: EagleConfig, dataset: str, category: str, project: Path, target: Path, runtime: OtherRuntime | None = None
) -> None:
    """Write ``target``; test images prove it where there are any, else training images.

    Args:
        config: Of the project.
        dataset: Name under ``datasets``.
        category: Of it.
        project: Folder of params.yaml.
        target: The file.
        runtime: Who will compute the features; None: torch, with weights that must be where the file is opened.

    Raises:
        ConfigurationError: The runtime is not installed, or cannot compute this expert's features.
        DataError: The runtime computes others, or no image can be scored.
    """
    fitted = fit_category(config, dataset, category)
    known = category_of(config, dataset, category)
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_kit(fitted, Path(scratch) / "kit")
        extractor = {"runtime": "torch", "backbone": read_kit(folder).expert.backbone_fingerprint}
        if runtime is not None:
            network = backbone(config.expert.backbone, config.run.device)
            extractor = write_extractor(network, config.expert, runtime, folder).identity()
        provenance = asdict(provenance_of(config, {}, project)) | {"dataset": dataset, "expert": fitted.expert.key, "extractor": extractor}
        write_export(config, category, folder, known.test or known.train, provenance, target)
