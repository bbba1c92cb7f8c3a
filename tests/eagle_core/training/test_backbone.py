"""The embedded backbone's files are whole, are what they say, and are what timm's model needs; training resumes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file

from eagle_core.expert.architecture import EMBEDDED_FOLDER
from eagle_core.training.backbone import CATEGORIES, BackboneTasks, normalised, train_backbone
from eagle_core.training.images import draw_images
from eagle_core.training.loop import Schedule

WEIGHTS = EMBEDDED_FOLDER / "weights.safetensors"
COUNTER = "num_batches_tracked"


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    described: dict[str, Any] = json.loads((EMBEDDED_FOLDER / "backbone.json").read_text(encoding="utf-8"))
    return described


def test_the_description_is_of_these_weights(description: dict[str, Any]) -> None:
    assert description["weights_sha256"] == hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()


def test_the_file_holds_exactly_what_the_layers_need(description: dict[str, Any]) -> None:
    model = timm.create_model(description["name"], pretrained=False, features_only=True, out_indices=(2, 3))
    assert model.feature_info.module_name() == description["layers"]
    assert model.feature_info.reduction() == [8, 16]
    stored = load_file(WEIGHTS)
    needed = {key: value.shape for key, value in model.state_dict().items() if not key.endswith(COUNTER)}
    assert {key: value.shape for key, value in stored.items()} == needed
    assert WEIGHTS.stat().st_size <= 3_000_000


def test_batch_statistics_are_those_of_images() -> None:
    """An untrained network's are exactly 0 and 1."""
    stored = load_file(WEIGHTS)
    for key, value in stored.items():
        if key.endswith("running_mean"):
            assert value.abs().max() > 1e-3, key
        if key.endswith("running_var"):
            assert (value - 1).abs().max() > 1e-2, key


def test_features_join_both_stages_at_the_finer_grid() -> None:
    tasks = BackboneTasks(0).eval()
    image = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    with torch.inference_mode():
        fine, coarse = tasks.backbone(normalised(image))
        features = tasks.features(normalised(image))
    assert features.shape == (1, fine.shape[1] + coarse.shape[1], 8, 8)
    assert torch.equal(features[:, : fine.shape[1]], fine)


class Interrupted(Exception):
    """Stands for a kill between two steps."""


def test_interrupted_and_resumed_equals_uninterrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch statistics included, which are buffers and not parameters."""
    monkeypatch.setattr("eagle_core.training.loop.CHECKPOINT_SECONDS", -1)
    data = draw_images(3, CATEGORIES)

    def run(name: str, stop_after: int | None) -> dict[str, torch.Tensor]:
        def watch(step: int, steps: int, value: float) -> None:
            if step == stop_after:
                raise Interrupted

        tasks = train_backbone(data, Schedule(3, 3e-3), seed=5, checkpoint=tmp_path / name, progress=watch)
        return tasks.state_dict()

    whole = run("whole.safetensors", None)
    with pytest.raises(Interrupted):
        run("part.safetensors", 2)
    resumed = run("part.safetensors", None)
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)
    fresh = BackboneTasks(5).state_dict()
    assert not torch.equal(whole["backbone.layer3.0.conv1.weight"], fresh["backbone.layer3.0.conv1.weight"])
