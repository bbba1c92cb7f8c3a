"""A resumed training sees the batches of an uninterrupted one and ends with its weights."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from eagle_core.errors import DataError
from eagle_core.training.checkpoint import read_checkpoint
from eagle_core.training.loop import Schedule, train


class Interrupted(Exception):
    """Stands for a kill between two steps."""


def test_interrupted_and_resumed_equals_uninterrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eagle_core.training.loop.CHECKPOINT_SECONDS", -1)

    def run(checkpoint: Path, stop_after: int | None) -> torch.nn.Module:
        module = torch.nn.Linear(3, 2)
        with torch.no_grad():
            module.weight.fill_(0.1)
            module.bias.zero_()

        def loss(rng: np.random.Generator, _: float) -> torch.Tensor:
            x = torch.from_numpy(rng.normal(size=(4, 3))).float()
            return (module(x) - x[:, :2]).square().mean()

        def watch(step: int, steps: int, value: float) -> None:
            # The step is reported before it is saved: a kill here loses one step, which is then done again.
            if step == stop_after:
                raise Interrupted

        train(module, loss, Schedule(20, 0.05), seed=1, checkpoint=checkpoint, progress=watch)
        return module

    whole = run(tmp_path / "whole.safetensors", None)
    with pytest.raises(Interrupted):
        run(tmp_path / "part.safetensors", 11)
    resumed = run(tmp_path / "part.safetensors", None)
    assert torch.equal(whole.weight, resumed.weight)
    assert torch.equal(whole.bias, resumed.bias)


def test_what_was_taught_before_learns_at_its_share_of_the_rate(tmp_path: Path) -> None:
    def moved(gentle: float) -> torch.Tensor:
        modules = torch.nn.ModuleList([torch.nn.Linear(2, 1, bias=False), torch.nn.Linear(2, 1, bias=False)])
        for module in modules:
            torch.nn.init.ones_(module.weight)
        train(
            modules, lambda rng, _: sum(module.weight.sum() for module in modules), Schedule(1, 0.1, weight_decay=0.0, gentle=gentle),
            seed=0, checkpoint=tmp_path / f"{gentle}.safetensors", taught=modules[1],
        )  # fmt: skip
        return torch.stack([1 - module.weight.mean() for module in modules])

    # Adam's first step is the learning rate.
    torch.testing.assert_close(moved(0.2), torch.tensor([0.1, 0.02]), rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(moved(0.0), torch.tensor([0.1, 0.0]), rtol=1e-3, atol=1e-6)


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    damaged = tmp_path / "reading.safetensors"
    damaged.write_bytes(b"no checkpoint")
    with pytest.raises(DataError, match="reading.safetensors"):
        read_checkpoint(damaged)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"schedule": Schedule(5, 0.1)}, "steps 4, now 5"),
        ({"schedule": Schedule(4, 0.2)}, "learning_rate 0.1, now 0.2"),
        ({"seed": 1}, "seed 0, now 1"),
        ({"about": {"prior_reliability": 0.5}}, "prior_reliability 0.88, now 0.5"),
        ({"about": {"prior_reliability": 0.88, "categories": 8}}, "categories None, now 8"),
    ],
)
def test_a_checkpoint_of_another_recipe_is_not_gone_on_from(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    module = torch.nn.Linear(2, 1)
    usual: dict[str, Any] = {"schedule": Schedule(4, 0.1), "seed": 0, "about": {"prior_reliability": 0.88}}

    def run(options: dict[str, Any]) -> None:
        train(module, lambda rng, _: module.weight.sum(), checkpoint=tmp_path / "kept.safetensors", **options)

    run(usual)
    trained = module.weight.detach().clone()
    with pytest.raises(DataError, match=re.escape(named)) as raised:
        run(usual | change)
    assert "kept.safetensors" in str(raised.value)
    run(usual)
    assert torch.equal(module.weight, trained), "the whole training was there"
