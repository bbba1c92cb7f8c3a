"""One calibration on one set: every rule at every target, over the resplits, by the code that ``eagle run`` uses."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from benchmarks.promise.sets import TEST, ImageSet
from eagle_core.calibration.choice import choose
from eagle_core.calibration.folds import group_folds, random_folds
from eagle_core.calibration.resplits import Resplit, rate_by_groups
from eagle_core.config import ExpertConfig, ThresholdConfig
from eagle_core.errors import DataError, FitError
from eagle_core.expert.backbone import load_backbone
from eagle_core.expert.cross_fitting import cross_fit
from eagle_core.expert.features import ImageFeatures, iterate_features
from eagle_core.expert.nearest import SearchBank
from eagle_core.expert.sampling import sample_patches
from eagle_core.expert.training_scores import score_training_images
from eagle_core.records import Calibration, Sample, TrainingScores
from eagle_core.threshold.fit import fit_threshold

TARGETS = (0.05, 0.10, 0.20)
BY_RATE = ("conformal", "quantile", "gev")
BY_SPREAD = ("kappa_sigma", "mad")


@dataclass(frozen=True, slots=True)
class Judged:
    """The images of one resplit that are judged, by one bank."""

    normal: np.ndarray
    defective: np.ndarray
    groups: np.ndarray
    """Of the normal ones."""


@dataclass(frozen=True)
class Divided:
    """One resplit with the bank that all calibrations but ``held_out`` share."""

    seed: int
    parts: Resplit
    train: np.ndarray
    defective: np.ndarray
    """Indices of the defective images that are tested."""
    sampled: torch.Tensor
    judged: Judged


class Measurement:
    """A set with its features, extracted when the first calibration needs them and once."""

    def __init__(self, images: ImageSet, config: ExpertConfig, repeats: int) -> None:
        self.images, self.config, self.repeats = images, config, repeats
        self.names = images.group_names

    @property
    def automatic(self) -> str:
        """What ``auto`` takes where nothing is kept apart for calibration."""
        groups = self.images.groups
        return choose("auto", held_out=0, groups=groups.count if groups else 0, source="").rule

    @property
    def calibrations(self) -> tuple[str, ...]:
        """Those that can be used here."""
        grouped = () if self.images.groups is None else ("grouped",)
        return ("as_printed", "unsampled", "leave_out", "cross_fitted", *grouped, "held_out")

    def described(self) -> dict[str, Any]:
        """The set, for its file."""
        return {
            "set": self.images.name,
            "normal": len(self.names),
            "defective": len(self.images.defective),
            "groups": None if self.images.groups is None else self.images.groups.count,
            "train": float(np.mean([len(one.train) for one in self.divided])),
            "train_groups": float(np.mean([len(set(self.names[one.train])) for one in self.divided])),
            "coreset_ratio": self.config.coreset.ratio,
            "auroc": float(np.mean([_auroc(one.judged) for one in self.divided])),
            "resplits": self.repeats,
            "auto": self.automatic,
        }

    def rows(self, calibration: str) -> list[dict[str, Any]]:
        """One row for each rule and target."""
        outcome = Outcome()
        for one in self.divided:
            began = time.perf_counter()
            scores, judged = self._held_out(one) if calibration == "held_out" else (self._scores(one, calibration), one.judged)
            outcome.note(scores, judged, time.perf_counter() - began)
        return list(outcome.rows(calibration))

    @cached_property
    def divided(self) -> list[Divided]:
        """The resplits, each with its bank and how that judges the images to test."""
        return [self._divide(seed) for seed in range(self.repeats)]

    def _divide(self, seed: int) -> Divided:
        normal, defective = self._features
        parts = self.images.divided(seed)
        train = np.sort(np.concatenate([parts.train, parts.calibration]))
        wrong = np.random.default_rng(seed).permutation(len(defective))[:TEST]
        sampled = sample_patches(normal[train], self.config.coreset, seed)
        bank = SearchBank.of(normal[train][sampled])
        judged = Judged(image_scores(bank, normal[parts.test]), image_scores(bank, defective[wrong]), self.names[parts.test])
        return Divided(seed, parts, train, wrong, sampled, judged)

    def _scores(self, one: Divided, calibration: str) -> TrainingScores:
        patches, ids = self._features[0][one.train], [str(i) for i in one.train]
        if calibration in ("as_printed", "unsampled", "leave_out"):
            return score_training_images(patches, one.sampled, ids, self.config, calibration)  # type: ignore[arg-type]
        if calibration == "cross_fitted":
            folds = random_folds(len(ids), self.config.folds, one.seed)
            return cross_fit(patches, ids, folds, self.config, Calibration("cross_fitted"), seed=one.seed)
        mine = tuple(self.names[one.train].tolist())
        folds = group_folds(mine, self.config.folds, one.seed)
        return cross_fit(patches, ids, folds, self.config, Calibration("grouped"), groups=mine, seed=one.seed)

    def _held_out(self, one: Divided) -> tuple[TrainingScores, Judged]:
        """Fitted on three quarters alone: the quarter that is kept apart makes the threshold."""
        normal, defective = self._features
        smaller, kept = normal[one.parts.train], one.parts.calibration
        bank = SearchBank.of(smaller[sample_patches(smaller, self.config.coreset, one.seed)])
        groups = () if self.images.groups is None else tuple(self.names[kept].tolist())
        scores = TrainingScores(
            tuple(str(i) for i in kept), image_scores(bank, normal[kept]), groups=groups, calibration=Calibration("held_out")
        )
        judged = Judged(image_scores(bank, normal[one.parts.test]), image_scores(bank, defective[one.defective]), one.judged.groups)
        return scores, judged

    @cached_property
    def _features(self) -> tuple[torch.Tensor, torch.Tensor]:
        """``(N, P, D) float32`` of the normal and of the defective images."""
        return self._extracted(self.images.normal), self._extracted(self.images.defective)

    def _extracted(self, samples: list[Sample]) -> torch.Tensor:
        backbone = load_backbone(self.config.backbone)
        read = [f for f in iterate_features(backbone, samples, self.config, self.config.batch_size) if isinstance(f, ImageFeatures)]
        if len(read) < len(samples):
            raise DataError(f"{self.images.name}: {len(samples) - len(read)} images cannot be read")
        return torch.stack([f.patches for f in read])


def image_scores(bank: SearchBank, patches: torch.Tensor) -> np.ndarray:
    """``(n, P, D)`` to the largest nearest-neighbour distance of each image."""
    return np.array([float(bank.nearest(image)[0].max()) for image in patches])


def _auroc(judged: Judged) -> float:
    scores = [*judged.normal, *judged.defective]
    return float(roc_auc_score([0] * len(judged.normal) + [1] * len(judged.defective), scores))


@dataclass(slots=True)
class Outcome:
    """What one calibration came to, over the resplits; by rule and target."""

    alarms: dict[str, list[np.ndarray]] = field(default_factory=lambda: defaultdict(list))
    groups: dict[str, list[np.ndarray]] = field(default_factory=lambda: defaultdict(list))
    """Of the test images, as ``alarms``."""
    recalls: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    rates: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Resplits whose scores the rule could not be fitted to."""
    seconds: list[float] = field(default_factory=list)

    def note(self, scores: TrainingScores, judged: Judged, seconds: float) -> None:
        """Fit every rule at every target and judge the test images by it."""
        self.seconds.append(seconds)
        fits = [(rule, target) for rule in BY_RATE for target in TARGETS] + [(rule, 0.5) for rule in BY_SPREAD]
        for rule, target in fits:
            asked = ThresholdConfig(method=rule, false_alarm_rate=target, bootstrap_samples=1, min_images=2)
            key = f"{rule} {target}" if rule in BY_RATE else rule
            try:
                fitted = fit_threshold(scores, asked, seed=0)
            except FitError:
                self.refused[key] += 1
                continue
            self.alarms[key].append(judged.normal >= fitted.tau)
            self.groups[key].append(judged.groups)
            self.recalls[key].append(float((judged.defective >= fitted.tau).mean()))
            self.rates[key].append(fitted.promise.rate if fitted.promise else float("nan"))

    def rows(self, calibration: str) -> Iterator[dict[str, Any]]:
        """As they are written."""
        for key, alarms in self.alarms.items():
            rule, _, target = key.partition(" ")
            achieved = rate_by_groups(np.concatenate(alarms), np.concatenate(self.groups[key]).tolist(), seed=0)
            yield {
                "calibration": calibration,
                "rule": rule,
                "target": float(target) if target else None,
                "promised": float(np.mean(self.rates[key])) if target else None,
                "achieved": achieved.value,
                "low": achieved.low,
                "high": achieved.high,
                "recall": float(np.mean(self.recalls[key])),
                "seconds": float(np.mean(self.seconds)),
                "refused": self.refused[key],
            }
