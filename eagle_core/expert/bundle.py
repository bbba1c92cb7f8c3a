"""A fitted expert on disk: ``expert.safetensors`` and ``expert.json``. No pickle; loads bit-identically."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError
from safetensors.torch import load, save

from eagle_core.calibration.likeness import LikenessReference
from eagle_core.config import ExpertConfig
from eagle_core.errors import DataError
from eagle_core.expert.bank import FittedExpert
from eagle_core.records import Calibration, Failure, TrainingScores
from eagle_core.whole_file import written_whole

FORMAT_VERSION = 3
TENSORS = "expert.safetensors"
DESCRIPTION = "expert.json"
STATE = "state."
"""Before the names of tensors of another kind of expert."""


def save_expert(expert: FittedExpert, folder: Path) -> None:
    """Write ``expert`` into ``folder``, which is made if need be. Equal experts give equal bytes.

    Each file is replaced in one step, the description, which holds the tensors' checksum, last: a reader sees
    the old expert, the new one, or an error.
    """
    folder.mkdir(parents=True, exist_ok=True)
    payload = save(
        {
            "bank": expert.bank.contiguous(),
            "sampled": torch.from_numpy(np.ascontiguousarray(expert.sampled)),
            "training_scores": torch.from_numpy(np.ascontiguousarray(expert.training_scores.scores)),
            "training_embeddings": expert.training_embeddings.contiguous(),
            "training_likeness": torch.from_numpy(np.ascontiguousarray(expert.training_likeness)),
            "likeness_mean": expert.likeness.mean.contiguous(),
            "likeness_grids": expert.likeness.grids.contiguous(),
            **{STATE + key: tensor.contiguous() for key, tensor in expert.state.items()},
        }
    )
    description = {
        "format_version": FORMAT_VERSION,
        "tensors_sha256": hashlib.sha256(payload).hexdigest(),
        "training_image_ids": expert.training_image_ids,
        "scored_image_ids": expert.training_scores.image_ids,
        "excluded_image_ids": expert.training_scores.excluded,
        "groups": expert.training_scores.groups,
        "calibration": dataclasses.asdict(expert.training_scores.calibration),
        "suspects": expert.training_scores.suspects,
        "patch_quantiles": expert.training_scores.patch_quantiles,
        "config": expert.config.model_dump(mode="json"),
        "seed": expert.seed,
        "backbone_fingerprint": expert.backbone_fingerprint,
        "failures": [dataclasses.asdict(failure) for failure in expert.failures],
    }
    _replace(folder / TENSORS, payload)
    _replace(folder / DESCRIPTION, json.dumps(description, indent=1, allow_nan=False, ensure_ascii=False).encode())


def load_expert(folder: Path) -> FittedExpert:
    """Read what ``save_expert`` wrote.

    Raises:
        DataError: A file is missing, damaged, of another format version, or does not belong to the other.
    """
    description = _read_description(folder / DESCRIPTION)
    payload = _read(folder / TENSORS)
    if hashlib.sha256(payload).hexdigest() != description["tensors_sha256"]:
        raise DataError(f"{folder / TENSORS} does not match {DESCRIPTION} (checksum); fit the expert again")
    tensors = load(payload)
    return FittedExpert(
        bank=tensors["bank"],
        sampled=tensors["sampled"].numpy(),
        training_image_ids=tuple(description["training_image_ids"]),
        training_scores=TrainingScores(
            image_ids=tuple(description["scored_image_ids"]),
            scores=tensors["training_scores"].numpy(),
            excluded=tuple(description["excluded_image_ids"]),
            groups=tuple(description["groups"]),
            calibration=Calibration(**description["calibration"]),
            suspects=tuple(description["suspects"]),
            patch_quantiles=tuple(description["patch_quantiles"]),
        ),
        training_embeddings=tensors["training_embeddings"],
        likeness=LikenessReference(tensors["likeness_mean"], tensors["likeness_grids"]),
        training_likeness=tensors["training_likeness"].numpy(),
        config=_config(description, folder),
        seed=description["seed"],
        backbone_fingerprint=description["backbone_fingerprint"],
        failures=tuple(Failure(**failure) for failure in description["failures"]),
        state={key.removeprefix(STATE): tensor for key, tensor in tensors.items() if key.startswith(STATE)},
    )


def _read_description(path: Path) -> dict[str, Any]:
    try:
        description = json.loads(_read(path))
    except ValueError as error:
        raise DataError(f"{path} is damaged ({error}); fit the expert again") from error
    version = description.get("format_version") if isinstance(description, dict) else None
    if version != FORMAT_VERSION:
        raise DataError(f"{path} has format version {version}, this is {FORMAT_VERSION}; fit the expert again")
    return dict(description)


def _config(description: dict[str, Any], folder: Path) -> ExpertConfig:
    try:
        return ExpertConfig.model_validate(description["config"])
    except ValidationError as error:
        raise DataError(f"{folder / DESCRIPTION}: its configuration is not one of this version; fit again") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); fit the expert again") from error


def _replace(path: Path, content: bytes) -> None:
    with written_whole(path, durable=True) as aside:
        aside.write_bytes(content)
