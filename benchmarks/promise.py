"""Is a promised rate of false alarms kept? Every calibration and rule, on real photographs and drawn ones.

Features are extracted once a set. Then its normal images are divided 20 times, by whole groups (sheets of paper,
positions of a spindle; single images where no groups are known), into images to fit on and images to test on. Each
calibration scores the former by the code that ``eagle run`` uses; tau is fitted for each target and applied to the
latter and to the defective images. Limits of the achieved rate are one-sided 95 %, groups drawn again.

    python benchmarks/promise.py --data FOLDER --out docs/promise.json

FOLDER holds screw/, bottle/, cookie/, papers/ and ball_screw/ in MVTec's layout; what is missing is said and left out.
ELPV comes from its installed package, the demo from data/demo. Each set is written to the file as soon as it is done.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from sklearn.metrics import roc_auc_score

from eagle_core.calibration.choice import choose
from eagle_core.calibration.folds import group_folds, random_folds
from eagle_core.calibration.known_groups import KnownGroups
from eagle_core.calibration.resplits import rate_by_groups, resplit
from eagle_core.config import CoresetConfig, ExpertConfig, GroupsConfig, PreprocessingConfig, ThresholdConfig
from eagle_core.data import elpv, mvtec
from eagle_core.data.groups import known_groups
from eagle_core.errors import DataError, FitError
from eagle_core.expert.backbone import load_backbone
from eagle_core.expert.cross_fitting import cross_fit
from eagle_core.expert.features import ImageFeatures, iterate_features
from eagle_core.expert.nearest import SearchBank
from eagle_core.expert.sampling import sample_patches
from eagle_core.expert.training_scores import score_training_images
from eagle_core.records import Calibration, Sample, TrainingScores
from eagle_core.threshold.fit import fit_threshold

PROJECT = Path(__file__).parent.parent
TARGETS = (0.05, 0.10, 0.20)
BY_RATE = ("conformal", "quantile", "gev")
BY_SPREAD = ("kappa_sigma", "mad")
PATTERNS = {"ball_screw": r"_\d{12}_(\d+)_", "papers": r"ND_(\d+)_"}
"""File names of these sets tell the position of the spindle, and the sheet of paper."""
TRAIN, TEST = 50, 50
"""At most so many normal images a resplit: what a line has after a morning, and what one core can do 20 times."""


@dataclass(frozen=True, slots=True)
class ImageSet:
    """Normal and defective images of one category."""

    name: str
    normal: list[Sample]
    defective: list[Sample]
    groups: KnownGroups | None


def sets(data: Path | None) -> Iterator[ImageSet]:
    """The sets that are there."""
    for place in ("cookie", "bottle", "papers", "ball_screw", "screw"):
        folder = data / place if data else None
        if folder is None or not folder.is_dir():
            print(f"{place}: not there, left out")
            continue
        for name, category in sorted(mvtec.category_folders(folder).items()):
            yield _of_folder(name if name == place else f"{place}/{name}", folder, category, PATTERNS.get(place))
    try:
        drawn = elpv.draw(elpv.installed_cells()[0], elpv.ElpvSplit())
        for kind in ("mono", "poly"):
            normal = [p for part in ("train", "test") for p in drawn[f"elpv/{kind}/{part}/good"]]
            yield ImageSet(
                f"elpv/{kind}", _samples(normal, defective=False), _samples(drawn[f"elpv/{kind}/test/defective"], defective=True), None
            )
    except DataError as error:
        print(f"elpv: {error}")
    for name, category in sorted(mvtec.category_folders(PROJECT / "data" / "demo").items()):
        yield _of_folder(f"demo/{name}", PROJECT / "data" / "demo", category, None)


def _of_folder(name: str, root: Path, folder: Path, pattern: str | None) -> ImageSet:
    read = mvtec.read_category("set", root, folder.name, folder, {})
    normal = [*read.train, *(s for s in read.test if s.is_defective is False)]
    groups = known_groups(normal, GroupsConfig(pattern=pattern), folder) if pattern else None
    return ImageSet(name, normal, [s for s in read.test if s.is_defective], groups)


def _samples(paths: list[Path], *, defective: bool) -> list[Sample]:
    return [Sample("set", "set", str(path), path, "test", defective) for path in paths]


def timed(action: Callable[[], TrainingScores]) -> tuple[TrainingScores, float]:
    began = time.perf_counter()
    return action(), time.perf_counter() - began


def image_scores(bank: SearchBank, patches: torch.Tensor) -> np.ndarray:
    """``(n, P, D)`` to the largest nearest-neighbour distance of each image."""
    return np.array([float(bank.nearest_distances(image).max()) for image in patches])


@dataclass(slots=True)
class Outcome:
    """What one calibration came to, over the resplits."""

    alarms: dict[str, list[np.ndarray]]
    groups: dict[str, list[np.ndarray]]
    """Of the test images, as ``alarms``."""
    recalls: dict[str, list[float]]
    rates: dict[str, list[float]]
    refused: dict[str, int]
    """Resplits whose scores the rule could not be fitted to."""
    seconds: list[float]

    @classmethod
    def empty(cls) -> Outcome:
        return cls(defaultdict(list), defaultdict(list), defaultdict(list), defaultdict(list), defaultdict(int), [])


def measure(images: ImageSet, config: ExpertConfig, features: tuple[torch.Tensor, torch.Tensor], repeats: int) -> dict[str, Any]:
    """The table of one set."""
    normal, defective = features
    names = np.array([s.image_id if images.groups is None else images.groups.of[s.image_id] for s in images.normal])
    outcomes: dict[str, Outcome] = defaultdict(Outcome.empty)
    aurocs, sizes = [], []
    for seed in range(repeats):
        generator = np.random.default_rng(seed)
        pool = np.sort(generator.permutation(len(names))[: 2 * TRAIN])
        parts = resplit(names[pool], train=min(TRAIN, 2 * len(pool) // 3), test=TEST, seed=seed)
        fitted, kept, test = (pool[part] for part in parts)
        train = np.sort(np.concatenate([fitted, kept]))
        wrong = generator.permutation(len(defective))[:TEST]
        patches, groups = normal[train], names[train]
        sampled = sample_patches(patches, config.coreset, seed)
        bank = SearchBank.of(patches[sampled])
        on_test, on_defects = image_scores(bank, normal[test]), image_scores(bank, defective[wrong])
        aurocs.append(roc_auc_score([0] * len(test) + [1] * len(wrong), [*on_test, *on_defects]))
        sizes.append((len(train), len(set(groups))))
        ids = [str(i) for i in train]
        for rule in ("as_printed", "unsampled", "leave_out"):
            scores, seconds = timed(partial(score_training_images, patches, sampled, ids, config, rule))
            note(outcomes[rule], scores, on_test, on_defects, names[test], seconds)
        folds = random_folds(len(train), config.folds, seed)
        reason = choose("auto", held_out=0, groups=0, source="").reason
        crossed = Calibration("cross_fitted", reason)
        scores, seconds = timed(partial(cross_fit, patches, ids, folds, config, crossed, seed=seed))
        note(outcomes["cross_fitted"], scores, on_test, on_defects, names[test], seconds)
        if images.groups is not None:
            by_group, mine = group_folds(groups.tolist(), config.folds, seed), tuple(groups.tolist())
            named = Calibration("grouped")
            scores, seconds = timed(partial(cross_fit, patches, ids, by_group, config, named, groups=mine, seed=seed))
            note(outcomes["grouped"], scores, on_test, on_defects, names[test], seconds)
        began = time.perf_counter()
        smaller = normal[fitted]
        apart = SearchBank.of(smaller[sample_patches(smaller, config.coreset, seed)])
        mine = tuple(names[kept].tolist()) if images.groups is not None else ()
        held = TrainingScores(
            tuple(str(i) for i in kept), image_scores(apart, normal[kept]), groups=mine, calibration=Calibration("held_out")
        )
        seconds = time.perf_counter() - began
        note(outcomes["held_out"], held, image_scores(apart, normal[test]), image_scores(apart, defective[wrong]), names[test], seconds)
    rows = [row for name, outcome in outcomes.items() for row in rows_of(name, outcome)]
    automatic = "grouped" if images.groups is not None else "cross_fitted"
    return {
        "set": images.name,
        "normal": len(names),
        "defective": len(defective),
        "groups": None if images.groups is None else images.groups.count,
        "train": float(np.mean([s for s, _ in sizes])),
        "train_groups": float(np.mean([g for _, g in sizes])),
        "coreset_ratio": config.coreset.ratio,
        "auroc": float(np.mean(aurocs)),
        "resplits": repeats,
        "auto": automatic,
        "rows": rows,
    }


def note(outcome: Outcome, scores: TrainingScores, on_test: np.ndarray, on_defects: np.ndarray, groups: np.ndarray, seconds: float) -> None:
    """Fit every rule at every target and judge the test images by it."""
    outcome.seconds.append(seconds)
    fits = [(rule, target) for rule in BY_RATE for target in TARGETS] + [(rule, 0.5) for rule in BY_SPREAD]
    for rule, target in fits:
        asked = ThresholdConfig(method=rule, false_alarm_rate=target, bootstrap_samples=1, min_images=2)
        key = f"{rule} {target}" if rule in BY_RATE else rule
        try:
            fitted = fit_threshold(scores, asked, seed=0)
        except FitError:
            outcome.refused[key] += 1
            continue
        outcome.alarms[key].append(on_test >= fitted.tau)
        outcome.groups[key].append(groups)
        outcome.recalls[key].append(float((on_defects >= fitted.tau).mean()))
        outcome.rates[key].append(fitted.promise.rate if fitted.promise else float("nan"))


def rows_of(calibration: str, outcome: Outcome) -> Iterator[dict[str, Any]]:
    for key, alarms in outcome.alarms.items():
        rule, _, target = key.partition(" ")
        achieved = rate_by_groups(np.concatenate(alarms), np.concatenate(outcome.groups[key]).tolist(), seed=0)
        yield {
            "calibration": calibration,
            "rule": rule,
            "target": float(target) if target else None,
            "promised": float(np.mean(outcome.rates[key])) if target else None,
            "achieved": achieved.value,
            "low": achieved.low,
            "high": achieved.high,
            "recall": float(np.mean(outcome.recalls[key])),
            "seconds": float(np.mean(outcome.seconds)),
            "refused": outcome.refused[key],
        }


def features_of(images: ImageSet, config: ExpertConfig) -> tuple[torch.Tensor, torch.Tensor]:
    """``(N, P, D) float32`` of the normal and of the defective images."""
    backbone = load_backbone(config.backbone)
    parts = []
    for samples in (images.normal, images.defective):
        read = [f for f in iterate_features(backbone, samples, config, config.batch_size) if isinstance(f, ImageFeatures)]
        if len(read) < len(samples):
            raise DataError(f"{images.name}: {len(samples) - len(read)} images cannot be read")
        parts.append(torch.stack([f.patches for f in read]))
    return parts[0], parts[1]


def main(
    data: Annotated[Path | None, typer.Option(envvar="EAGLE_REAL_DATA", help="Folder with the sets.")] = None,
    out: Annotated[Path, typer.Option(help="Where the results go.")] = PROJECT / "docs" / "promise.json",
    resplits: int = 20,
    only: Annotated[list[str] | None, typer.Option(help="Sets by the beginning of their name.")] = None,
    threads: int = 1,
) -> None:
    torch.set_num_threads(threads)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=PROJECT, capture_output=True, text=True, check=True)
    described = {
        "benchmark": "promise",
        "commit": commit.stdout.strip(),
        "machine": f"{threads} of {os.cpu_count()} CPU cores",
        "backbone": "tf_efficientnet_lite0, packaged, 256 x 256",
        "sets": [],
    }
    if out.is_file():
        described["sets"] = json.loads(out.read_text(encoding="utf-8"))["sets"]
    for images in sets(data):
        if only and not images.name.startswith(tuple(only)):
            continue
        ratio = 0.01 if len(images.normal) >= TRAIN else 0.05
        config = ExpertConfig(preprocessing=PreprocessingConfig(resize=256), coreset=CoresetConfig(ratio=ratio))
        result = measure(images, config, features_of(images, config), resplits)
        described["sets"] = [s for s in described["sets"] if s["set"] != result["set"]] + [result]
        out.write_text(json.dumps(described, indent=1), encoding="utf-8")
        for row in result["rows"]:
            if row["rule"] == "conformal":
                print(f"{images.name:24s}{row['calibration']:14s}{row['target']:6.2f}{row['achieved']:8.3f}"
                      f" [{row['low']:.3f}, {row['high']:.3f}] recall {row['recall']:.3f}  {row['seconds']:.1f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
