"""Stages of the expert: fit PatchCore on the normal images, predict the test images, score its maps."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eagle_core.config import DegradationConfig, EagleConfig, GroupsConfig
from eagle_core.data.groups import known_groups
from eagle_core.records import NOT_JUDGED, ExpertPrediction, Failure, Sample
from tasks.machinery.holders import backbone, backbone_key
from tasks.machinery.inputs import category_of, image_hashes, limit_threads, store_of
from tasks.machinery.progress import progress_bar
from tasks.machinery.store import Entry
from tasks.stages.appearance import unlike_training
from tasks.stages.predictions import write_predictions

if TYPE_CHECKING:
    from eagle_core.expert.bank import FittedExpert
    from eagle_core.expert.features import FeatureReader

FIT_VERSION = 6
PREDICT_VERSION = 6
SECONDS_FILE = "seconds.json"


def fit(config: EagleConfig, dataset: str, category: str) -> Entry:
    """Features, coreset and DBT scores. Neither kappa nor alpha enters its key."""
    known = category_of(config, dataset, category)
    samples = known.train
    asked = config.expert.calibration
    # Images and groups enter only where they are used: to add some changes no expert that ignores them.
    held_out = known.calibration if asked in ("auto", "held_out") else ()
    groups = known_groups(samples, config.datasets[dataset].groups, known.folder) if asked in ("auto", "grouped") else None
    # Only what somebody named makes groups of images kept apart: a session in one go is what is asked for, not one group.
    named = config.datasets[dataset].groups
    apart = known_groups(held_out, named, known.folder) if named != GroupsConfig() else None
    inputs = {
        "images": image_hashes(samples),
        "held_out": image_hashes(held_out),
        "groups": dataclasses.asdict(groups) if groups else None,
        **({"held_out_groups": dataclasses.asdict(apart)} if apart else {}),
        "backbone": backbone_key(config),
        "expert": config.expert.model_dump(mode="json", exclude={"batch_size", "backbone"}),
        "seed": config.run.seed,
    }

    def compute(folder: Path) -> None:
        from eagle_core.expert.bundle import save_expert
        from eagle_core.expert.fit import fit_expert
        from tasks.stages.kept_features import KeptFeatures

        limit_threads(config)
        begun, kept = time.perf_counter(), KeptFeatures(config)
        with progress_bar(f"{category}: expert") as report:
            fitted = fit_expert(
                samples,
                config.expert,
                seed=config.run.seed,
                groups=groups,
                held_out=held_out,
                held_out_groups=apart,
                device=config.run.device,
                progress=report,
                read=kept,
            )
        save_expert(fitted, folder)
        kept.write_counts(folder)
        _write_seconds(folder, begun)

    return store_of(config).get_or_compute("expert", FIT_VERSION, inputs, compute)


def score(config: EagleConfig, dataset: str, category: str, expert: Entry) -> Entry:
    """The expert's reading of every test image."""
    samples = category_of(config, dataset, category).test
    judging = [config.judging.unlike, config.datasets[dataset].degradation == DegradationConfig()]
    inputs = {"expert": expert.key, "images": image_hashes(samples), "judging": judging}

    def compute(folder: Path) -> None:
        from eagle_core.expert.bundle import load_expert

        limit_threads(config)
        begun = time.perf_counter()
        known = load_expert(expert.path)
        readings = read_images(config, known, samples, f"{category}: expert")
        predictions = {r.image_id: r for r in readings if isinstance(r, ExpertPrediction)}
        unlike = unlike_training(config, (dataset, category), known, samples, predictions)
        write_predictions(
            folder,
            [Failure(r.image_id, NOT_JUDGED + unlike[r.image_id]) if r.image_id in unlike else r for r in readings],
        )
        _write_seconds(folder, begun)

    return store_of(config).get_or_compute("predictions", PREDICT_VERSION, inputs, compute)


def read_images(
    config: EagleConfig,
    expert: FittedExpert,
    samples: Sequence[Sample],
    title: str,
    read: FeatureReader | None = None,
) -> list[ExpertPrediction | Failure]:
    """The expert's reading of ``samples``, in their order, under a progress bar; ``read``: see ``predict``, None: anew."""
    from eagle_core.expert.features import iterate_features
    from eagle_core.expert.scoring import predict

    with progress_bar(title) as report:
        return list(
            predict(
                expert,
                backbone(config.expert.backbone, config.run.device),
                samples,
                batch_size=config.expert.batch_size,
                progress=report,
                read=read or iterate_features,
            )
        )


def read_seconds(entry: Entry) -> float:
    """Wall-clock seconds that an entry of ``fit`` or ``score`` took when it was computed."""
    return float(json.loads((entry.path / SECONDS_FILE).read_text(encoding="utf-8")))


def _write_seconds(folder: Path, begun: float) -> None:
    (folder / SECONDS_FILE).write_text(json.dumps(time.perf_counter() - begun), encoding="utf-8")


def training_failures(expert: Entry) -> list[Failure]:
    """Training images that a fitted expert does without because they could not be read."""
    described = json.loads((expert.path / "expert.json").read_text(encoding="utf-8"))
    return [Failure(f["image_id"], f["reason"]) for f in described.get("failures", [])]
