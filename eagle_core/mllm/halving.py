"""Run in batches, and in smaller ones where memory is too small."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from accelerate.utils.memory import should_reduce_batch_size

from eagle_core.errors import ModelError

LOG = logging.getLogger("eagle.mllm")
T = TypeVar("T")


def halving(chunk: Callable[[int, int], list[T]], total: int, batch_size: int) -> Iterator[T]:
    """Results of ``chunk(start, end)`` over 0..total; out of memory halves the batch and goes on, and says so.

    Raises:
        ModelError: A batch of one does not fit.
    """
    start = 0
    while start < total:
        results: list[T] | None
        try:
            results = chunk(start, min(start + batch_size, total))
        except (RuntimeError, MemoryError) as error:
            if not _out_of_memory(error):
                raise
            if batch_size == 1:
                raise ModelError(
                    "out of memory with a single prompt: use smaller images, mllm.dtype: bfloat16, or a smaller model"
                ) from error
            results = None
        if results is None:
            batch_size //= 2
            LOG.warning("out of memory: batch halved to %d (set mllm.batch_size to start there)", batch_size)
            # Only here is the failed attempt's memory free: while the error lives, its traceback holds it.
            torch.cuda.empty_cache()
            continue
        yield from results
        start += len(results)


def _out_of_memory(error: RuntimeError | MemoryError) -> bool:
    return isinstance(error, MemoryError) or should_reduce_batch_size(error)
