"""Is everything there that a run was asked for? What is not is a line that a person reads last and an exit code tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from eagle_core.counted import counted
from eagle_core.evaluation.table import ALL, METHOD_NAMES, NotRunRow
from eagle_core.evaluation.unread import UnreadImage, unread_notes
from eagle_core.record_table import NO_MLLM
from eagle_core.records import NOT_JUDGED

LISTED = 3


@dataclass(frozen=True, slots=True)
class NotJudged:
    """An image that looks like no training image."""

    dataset: str
    category: str
    image_id: str
    reason: str


def not_judged(records: pd.DataFrame) -> tuple[NotJudged, ...]:
    """Each such image once."""
    rows = records[records["status"] == "not_judged"].drop_duplicates(["dataset", "category", "image_id"])
    return tuple(
        NotJudged(str(row.dataset), str(row.category), str(row.image_id), str(row.error).removeprefix(NOT_JUDGED)) for row in rows.itertuples()
    )


def missing_lines(
    records: pd.DataFrame,
    absences: Sequence[NotRunRow],
    categories: Sequence[tuple[str, str]],
    unread: Sequence[UnreadImage] = (),
) -> tuple[str, ...]:
    """What was asked for and is not there; empty where everything is.

    Args:
        records: Of a run.
        absences: What could not be run.
        categories: (dataset, category) whose expert was fitted.
        unread: Training images that could not be read.
    """
    lines = [
        f"not run: {row.dataset}{'' if row.category == ALL else '/' + row.category}, {METHOD_NAMES[row.method]}{_asked(row.mllm)}: {row.reason}"
        for row in absences
    ]
    there = set(zip(records["dataset"], records["category"], strict=True))
    lines += [f"no test image in {dataset}/{category}: nothing was judged there" for dataset, category in categories if (dataset, category) not in there]
    failed = records[records["status"] == "failed"].drop_duplicates(["dataset", "category", "image_id"])
    if len(failed):
        lines.append(f"{counted(len(failed), 'image has', 'images have')} no result: {_examples(failed)}")
    apart = not_judged(records)
    if apart:
        kinds = Counter(image.reason.partition(":")[0] for image in apart)
        told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        shown = ", ".join(image.image_id for image in apart[:LISTED])
        lines.append(f"{counted(len(apart), 'image was not judged and counts', 'images were not judged and count')} in no number above ({told}): {shown}{_more(len(apart))}")
    return tuple(dict.fromkeys([*lines, *unread_notes(unread)]))


def missing_at_points(lines: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What several runs lack, by their labels: first what all of them lack, once; then what some do, behind their labels."""
    everywhere = [line for line in dict.fromkeys(line for mine in lines.values() for line in mine) if all(line in mine for mine in lines.values())]
    return (*everywhere, *(f"{label}: {line}" for label, mine in lines.items() for line in mine if line not in everywhere))


def p_defect_notes(records: pd.DataFrame) -> tuple[str, ...]:
    """A line for each MLLM and method whose answers carry no probability although they were read."""
    asked = records[(records["question_type"] == "anomaly_detection") & (records["status"] == "answered")]
    return tuple(
        f"{mllm}, {METHOD_NAMES[str(method)]}: {int(rows['p_defect'].isna().sum())} of {counted(len(rows), 'verdict')} come from the letter in the answer, "
        "which carries no probability: P(defect) and its AUROC are left out there"
        for (mllm, method), rows in asked.groupby(["mllm", "method"], sort=False)
        if rows["p_defect"].isna().any()
    )


def _asked(mllm: str) -> str:
    return "" if mllm in (ALL, NO_MLLM) else f" ({mllm})"


def _examples(rows: pd.DataFrame) -> str:
    return "; ".join(str(error) for error in rows["error"][:LISTED]) + _more(len(rows))


def _more(count: int) -> str:
    return f" and {count - LISTED} more" if count > LISTED else ""
