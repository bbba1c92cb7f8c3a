"""Defects missed for each share of false alarms that is accepted, as cells that people read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eagle_core.evaluation.recall_curve import SHARES, RecallCurve
from eagle_core.report.page.content import PageTable
from eagle_core.threshold.promise import percent

TITLE = "defects missed (recall lost), if so many false alarms were accepted on these test images"
HEADER = ("category", "dataset", *(percent(share) for share in SHARES), "recall", "normal / defective")
_BARS = "▁▂▃▄▅▆▇█"


def recall_rows(curves: Sequence[RecallCurve]) -> Iterator[tuple[str, ...]]:
    """Cells under ``HEADER``."""
    for curve in curves:
        lost = (percent(1 - recall) for recall in curve.recalls)
        yield curve.category, curve.dataset, *lost, sparkline(curve.recalls), f"{curve.normal} / {curve.defective}"


def recall_tables(curves: Sequence[RecallCurve]) -> list[PageTable]:
    """For the page; none where no category has both labels."""
    if not curves:
        return []
    note = "Read off the labels: what there is to win by another rate, not what a threshold without labels can promise."
    return [PageTable(TITLE.capitalize(), HEADER, tuple(recall_rows(curves)), (note,))]


def sparkline(shares: Sequence[float]) -> str:
    """A bar for each share, from none (0) to full (1)."""
    return "".join(_BARS[min(len(_BARS) - 1, int(share * len(_BARS)))] for share in shares)
