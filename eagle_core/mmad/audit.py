"""Is everything there? Image files below MMAD's root and question counts against the published table."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from eagle_core.data.mmad_questions import QuestionSet, by_dataset
from eagle_core.data.question_types import TITLES
from eagle_core.errors import DataError
from eagle_core.mmad.published import COUNTS


@dataclass(frozen=True, slots=True)
class MmadAudit:
    """What was found."""

    images: int
    questions: int
    missing_queries: tuple[str, ...]
    missing_templates: tuple[str, ...]
    same_content: tuple[tuple[str, ...], ...]
    """Groups of query images with identical bytes in more than one category, or under more than one verdict."""
    counts: tuple[tuple[str, str, int, int], ...]
    """(dataset, type, questions in the file, questions published), where they differ."""
    faults: tuple[str, ...]
    """Questions that could not be read."""


def audit(questions: QuestionSet, root: Path) -> MmadAudit:
    """Look every path up below ``root``. Absent files are counted and named; nothing is put in their place.

    DS-MVTec's own images and MVTec-AD's differ (MMAD lacks 32 anomalies of it; in a circulating copy, 22 pill images
    are metal nuts): identical bytes in two categories show such a mix-up.

    Raises:
        DataError: ``root`` is no folder.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; give the one that holds DS-MVTec, MVTec-LOCO, VisA, GoodsAD and MVTec-AD")
    queries = [image.path for image in questions.images]
    templates = dict.fromkeys(t for image in questions.images for t in (*image.similar_templates, *image.random_templates))
    present = [path for path in queries if (root / path).is_file()]
    by_content: dict[str, list[str]] = {}
    for path in present:
        digest = hashlib.sha256((root / path).read_bytes()).hexdigest()
        by_content.setdefault(digest, []).append(path)
    verdict = {image.path: (image.dataset, image.category, image.is_normal) for image in questions.images}
    same = tuple(tuple(paths) for paths in by_content.values() if len({verdict[path] for path in paths}) > 1)
    return MmadAudit(
        images=len(queries),
        questions=questions.count,
        missing_queries=tuple(path for path in queries if not (root / path).is_file()),
        missing_templates=tuple(path for path in templates if not (root / path).is_file()),
        same_content=same,
        counts=tuple(_count_differences(questions)),
        faults=questions.faults,
    )


def _count_differences(questions: QuestionSet) -> list[tuple[str, str, int, int]]:
    found = by_dataset(questions.images)
    differences = []
    for dataset, published in COUNTS.items():
        mine = Counter(q.question_type for image in found.get(dataset, []) for q in image.questions)
        differences += [
            (dataset, TITLES[kind], mine[kind], wanted) for kind, wanted in published.items() if mine[kind] != wanted
        ]
    return differences
