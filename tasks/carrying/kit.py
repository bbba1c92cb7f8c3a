"""Everything that judges one category, in one folder: expert, threshold, how its images looked, its camera."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from eagle_core.config import EagleConfig
from eagle_core.errors import DataError
from eagle_core.expert.bank import FittedExpert
from eagle_core.expert.bundle import DESCRIPTION, TENSORS, load_expert
from eagle_core.expert.runtimes.extractor import Extractor, read_extractor
from eagle_core.records import ExpertPrediction, Failure, Sample, Threshold
from tasks.machinery.holders import backbone, runtime_backbone
from tasks.machinery.inputs import category_of
from tasks.machinery.store import Entry
from tasks.stages import appearance, expert, threshold
from tasks.stages.appearance import Familiar

if TYPE_CHECKING:
    from eagle_core.expert.backbone import Backbone

THRESHOLD = "threshold.json"
CAMERA = "camera.json"
FILES = (TENSORS, DESCRIPTION, appearance.FILE, THRESHOLD, CAMERA)
"""Of every kit; one with an extractor of its own has more."""


@dataclass(frozen=True, slots=True)
class Kit:
    """One category's judge."""

    expert: FittedExpert
    threshold: Threshold
    familiar: Familiar
    bit_depth: int
    """How the camera fills sixteen bits, as the good images show."""
    folder: Path
    extractor: Extractor | None = None
    """Who computes the features; None: torch, with the weights that this machine has."""

    @property
    def files(self) -> tuple[str, ...]:
        """Names of all files in the folder."""
        return FILES + (self.extractor.files if self.extractor else ())

    def network(self, config: EagleConfig) -> Backbone:
        """What computes its features, loaded once per process.

        Raises:
            ConfigurationError: Its runtime is not installed.
            DataError: The extractor's files cannot be read.
            WeightsError: torch is meant, and the weights are not here.
        """
        if self.extractor is None:
            return backbone(self.expert.config.backbone, config.run.device)
        return runtime_backbone(self.extractor, self.folder, config.run.threads)

    def sample(self, image: Path, image_id: str, category: str) -> Sample:
        """An image to be judged."""
        return Sample("carried", category, image_id, image, "test", None, bit_depth=self.bit_depth)

    def why_not_judged(self, config: EagleConfig, sample: Sample, reading: ExpertPrediction | Failure) -> str | None:
        """Why there is no verdict on an image: it cannot be read, or looks like no training image (``judging.unlike``)."""
        if isinstance(reading, Failure):
            return reading.reason.replace(f"{sample.image_path}: ", "")
        return None if config.judging.unlike == "judge" else self.familiar.why_not_judged(sample, reading)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Entries of the store that make a kit."""

    expert: Entry
    threshold: Entry
    appearance: Entry
    bit_depth: int


def fit_category(config: EagleConfig, dataset: str, category: str) -> Fitted:
    """Fit what a kit needs; what the store has is taken from there."""
    fitted = expert.fit(config, dataset, category)
    tau = threshold.fit(config, dataset, category, fitted, None)
    seen = appearance.measure(config, dataset, category)
    depth = next((sample.bit_depth for sample in category_of(config, dataset, category).train), 16)
    return Fitted(fitted, tau, seen, depth)


def write_kit(fitted: Fitted, target: Path) -> Path:
    """Write a kit, whole or not at all; one that is there stays."""
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=target.parent, prefix="."))
    try:
        for name in (TENSORS, DESCRIPTION):
            shutil.copyfile(fitted.expert.path / name, aside / name)
        shutil.copyfile(fitted.appearance.path / appearance.FILE, aside / appearance.FILE)
        shutil.copyfile(fitted.threshold.path / THRESHOLD, aside / THRESHOLD)
        (aside / CAMERA).write_text(json.dumps({"bit_depth": fitted.bit_depth}), encoding="utf-8")
        aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def read_kit(folder: Path) -> Kit:
    """What ``write_kit`` wrote.

    Raises:
        DataError: A file is missing or damaged, or of another version.
    """
    fitted = load_expert(folder)
    try:
        tau = TypeAdapter(Threshold).validate_json((folder / THRESHOLD).read_text(encoding="utf-8"))
        depth = int(json.loads((folder / CAMERA).read_text(encoding="utf-8"))["bit_depth"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder}: its threshold or camera cannot be read ({error}); fit the category again") from error
    return Kit(fitted, tau, Familiar.of(fitted, folder), depth, folder, read_extractor(folder))
