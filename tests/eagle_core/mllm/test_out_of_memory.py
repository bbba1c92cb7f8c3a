from __future__ import annotations

import logging

import pytest
import torch

from eagle_core.errors import ModelError
from eagle_core.mllm.halving import halving


def limited(limit: int):
    """A chunk function that has memory for ``limit`` items."""

    def chunk(start: int, end: int) -> list[int]:
        if end - start > limit:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return list(range(start, end))

    return chunk


def test_the_batch_is_halved_and_nothing_is_lost(caplog):
    with caplog.at_level(logging.WARNING, logger="eagle.mllm"):
        assert list(halving(limited(3), total=11, batch_size=16)) == list(range(11))
    assert [record.args for record in caplog.records] == [(8,), (4,), (2,)]


def test_a_single_prompt_that_does_not_fit_is_an_error():
    with pytest.raises(ModelError, match="out of memory with a single prompt"):
        list(halving(limited(0), total=2, batch_size=2))


def test_other_errors_are_not_swallowed():
    def broken(start: int, end: int) -> list[int]:
        raise RuntimeError("shape mismatch")

    with pytest.raises(RuntimeError, match="shape mismatch"):
        list(halving(broken, total=1, batch_size=1))
