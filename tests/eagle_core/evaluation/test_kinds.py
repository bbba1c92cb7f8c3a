"""Defects are counted by kind, over all categories, apart by method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eagle_core.evaluation.kinds import FoundKind, found_by_kind
from eagle_core.record_table import to_frame


def test_logical_and_structural_anomalies_stay_apart(record: Callable[..., Any]) -> None:
    logical, structural = {"defect_kind": "logical_anomalies"}, {"defect_kind": "structural_anomalies"}
    rows = [
        record("pins", 0, True, True, **logical),
        record("pins", 1, True, False, **logical),
        record("juice", 2, True, None, **logical),  # no verdict: not found
        record("pins", 3, True, True, **structural),
        record("pins", 4, False, True),
        record("pins", 3, True, False, method="expert", **structural),
    ]
    assert list(found_by_kind(to_frame(rows))) == [
        FoundKind("d", "logical_anomalies", "tiny", "eagle", 3, 1),
        FoundKind("d", "structural_anomalies", "tiny", "eagle", 1, 1),
        FoundKind("d", "structural_anomalies", "none", "expert", 1, 0),
    ]


def test_defects_of_one_kind_are_no_table(record: Callable[..., Any]) -> None:
    assert list(found_by_kind(to_frame([record("pins", 0, True, True, defect_kind="hole")]))) == []
