"""Judges images by an exported file: no project, no dataset, no MLLM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eagle_core.config import EagleConfig
from eagle_core.expert.scoring import predict
from eagle_core.methods.expert import guide
from eagle_core.methods.headline import headline
from eagle_core.names import as_text
from eagle_core.records import Failure
from eagle_core.threshold.pixels import fit_pixel_threshold
from tasks.carrying.export_file import Carried
from tasks.inspection.verdict import Verdict
from tasks.machinery.params import checked


def without_project(overrides: Mapping[str, Any] | None = None) -> EagleConfig:
    """The settings of a folder that has no params.yaml, with ``overrides`` (dotted key -> value): a file brings what decides.

    Raises:
        ConfigurationError: A key is unknown or wrong.
    """
    plain = {"datasets": {"line": {"root": "data/line", "format": "mvtec"}}, "methods": ["expert"], "mllms": {}}
    return checked(plain, overrides or {})


def as_carried(config: EagleConfig, carried: Carried) -> EagleConfig:
    """``config`` with the expert's settings of the file."""
    return config.model_copy(update={"expert": carried.kit.expert.config})


def inspect_by_file(config: EagleConfig, carried: Carried, images: Sequence[Path]) -> tuple[list[Verdict], list[Failure]]:
    """Verdicts on ``images``; what cannot be read comes back as failures."""
    kit, pixels = carried.kit, fit_pixel_threshold(carried.kit.expert.training_scores, config.threshold.false_pixel_rate)
    samples = [kit.sample(path, as_text(str(path)), carried.category) for path in images]
    verdicts, failures = [], []
    for sample, reading in zip(samples, predict(kit.expert, kit.network(config), samples, batch_size=1), strict=True):
        if isinstance(reading, Failure):
            failures.append(reading)
            continue
        decided = headline(
            reading.score, kit.threshold, mllm=None, mllm_says_defective=None, unlike=kit.why_not_judged(config, sample, reading)
        )
        verdicts.append(Verdict(sample, reading, kit.threshold, guide(reading, kit.threshold, as_carried(config, carried)), decided, None, pixels))
    return verdicts, failures
