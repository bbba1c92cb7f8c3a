"""Experts on disk: bit-identical, checked, and never half replaced."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from eagle_core.calibration.likeness import LikenessReference
from eagle_core.errors import DataError
from eagle_core.expert.bundle import load_expert, save_expert
from eagle_core.records import Calibration, Failure, TrainingScores


@pytest.fixture
def folder(expert, tmp_path):
    save_expert(expert, tmp_path / "expert")
    return tmp_path / "expert"


def test_loads_bit_identically(expert, folder):
    loaded = load_expert(folder)
    for field in dataclasses.fields(expert):
        before, after = getattr(expert, field.name), getattr(loaded, field.name)
        if isinstance(before, torch.Tensor):
            assert torch.equal(before, after), field.name
            assert before.dtype == after.dtype
        elif isinstance(before, np.ndarray):
            assert np.array_equal(before, after), field.name
            assert before.dtype == after.dtype
        elif isinstance(before, TrainingScores):
            assert (before.image_ids, before.excluded) == (after.image_ids, after.excluded)
            assert np.array_equal(before.scores, after.scores)
            assert (before.groups, before.calibration) == (after.groups, after.calibration)
        elif isinstance(before, LikenessReference):
            assert torch.equal(before.mean, after.mean)
            assert torch.equal(before.grids, after.grids)
        else:
            assert before == after, field.name


def test_failures_and_exclusions_survive(expert, tmp_path):
    scores = dataclasses.replace(
        expert.training_scores, excluded=("ä.png",), groups=("a", "b"), suspects=("ö.png",),
        calibration=Calibration("grouped", "2 groups are known (lot in parts.csv)", folds=2),
    )
    marked = dataclasses.replace(expert, failures=(Failure("b.png", "damaged"),), training_scores=scores)
    save_expert(marked, tmp_path)
    loaded = load_expert(tmp_path)
    assert loaded.failures == (Failure("b.png", "damaged"),)
    after = loaded.training_scores
    assert (after.excluded, after.groups, after.suspects) == (("ä.png",), ("a", "b"), ("ö.png",))
    assert after.calibration == scores.calibration


def test_equal_experts_give_equal_bytes_and_nothing_else_is_left(expert, folder, tmp_path):
    save_expert(expert, tmp_path / "again")
    names = ["expert.json", "expert.safetensors"]
    assert sorted(p.name for p in folder.iterdir()) == names
    assert all((folder / n).read_bytes() == (tmp_path / "again" / n).read_bytes() for n in names)


def test_saving_again_replaces(expert, folder):
    save_expert(dataclasses.replace(expert, seed=7), folder)
    assert load_expert(folder).seed == 7


def test_one_flipped_bit_is_found(folder):
    path = folder / "expert.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"expert\.safetensors .*checksum"):
        load_expert(folder)


@pytest.mark.parametrize("name", ["expert.json", "expert.safetensors"])
def test_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(DataError, match=name):
        load_expert(folder)


def test_truncated_description_is_named(folder):
    path = folder / "expert.json"
    path.write_text(path.read_text()[:100])
    with pytest.raises(DataError, match=r"expert\.json is damaged"):
        load_expert(folder)


def test_other_format_version_is_refused(folder):
    path = folder / "expert.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 99}))
    with pytest.raises(DataError, match="format version 99, this is 3"):
        load_expert(folder)


def test_configuration_of_another_version_is_refused(folder):
    path = folder / "expert.json"
    description = json.loads(path.read_text())
    description["config"]["coreset"]["unheard_of"] = 1
    path.write_text(json.dumps(description))
    with pytest.raises(DataError, match="configuration"):
        load_expert(folder)
