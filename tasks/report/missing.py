"""What a run, or a point of a sweep, lacks: datasets, methods, images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eagle_core.evaluation.table import ALL, NotRunRow
from eagle_core.evaluation.unread import UnreadImage
from tasks.graph.values import CategoryResult
from tasks.machinery.stage import NotRun
from tasks.machinery.store import Entry
from tasks.stages.expert import training_failures


def absent_datasets(absent: Mapping[str, NotRun]) -> Iterator[NotRunRow]:
    """Datasets that were asked for and are not there, by name."""
    for dataset, reason in absent.items():
        yield NotRunRow(dataset, ALL, ALL, ALL, reason.reason)


def absent_methods(results: Sequence[CategoryResult]) -> Iterator[NotRunRow]:
    """Methods that could not be run, category by category."""
    for result in results:
        for done in result.methods:
            if isinstance(done.records, NotRun):
                yield NotRunRow(result.name.dataset, result.name.category, done.mllm, done.method, done.records.reason)


def unread_images(results: Sequence[CategoryResult]) -> tuple[UnreadImage, ...]:
    """Training images that the experts were fitted without."""
    return tuple(
        UnreadImage(result.name.dataset, result.name.category, failure.image_id, failure.reason)
        for result in results
        if isinstance(result.expert, Entry)
        for failure in training_failures(result.expert)
    )


def fitted_categories(results: Sequence[CategoryResult]) -> list[tuple[str, str]]:
    """(dataset, category) of those that have a threshold."""
    return [(result.name.dataset, result.name.category) for result in results if isinstance(result.threshold, Entry)]
