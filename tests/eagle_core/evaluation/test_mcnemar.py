"""McNemar's exact test against the binomial formula."""

from __future__ import annotations

from math import comb

import pytest

from eagle_core.evaluation.mcnemar import mcnemar
from eagle_core.record_table import to_frame


def judged(record, gained: int, lost: int, same: int):
    """``gained`` images that only EAGLE judges right, ``lost`` that only the expert does, ``same`` alike."""
    for i in range(gained + lost + same):
        label = bool(i % 2)
        expert_right, right = (False, True) if i < gained else (True, False) if i < gained + lost else (True, True)
        expert = label if expert_right else not label
        category = "ab"[i % 2]
        yield record(category, i, label, expert, method="expert", expert=expert, score=1.0)
        yield record(category, i, label, label if right else not label, expert=expert, p=0.5)


@pytest.mark.parametrize(("gained", "lost"), [(9, 2), (2, 9), (3, 3), (1, 0)])
def test_p_value_is_the_two_sided_binomial_one(record, gained: int, lost: int) -> None:
    [row] = mcnemar(to_frame(judged(record, gained, lost, 20)), "eagle", "expert").itertuples()
    n, fewer = gained + lost, min(gained, lost)
    tail = sum(comb(n, k) for k in range(fewer + 1)) / 2**n
    assert row.p_value == pytest.approx(min(1.0, 2 * tail))
    assert (row.only_method_right, row.only_baseline_right, row.n) == (gained, lost, gained + lost + 20)


def test_no_difference_is_p_one(record) -> None:
    [row] = mcnemar(to_frame(judged(record, 0, 0, 10)), "eagle", "expert").itertuples()
    assert row.p_value == 1.0


def test_an_image_without_a_verdict_counts_as_wrong(record) -> None:
    rows = [
        record("a", 0, True, True, method="expert", expert=True, score=1.0),
        record("a", 0, True, None, expert=True),
    ]
    [row] = mcnemar(to_frame(rows), "eagle", "expert").itertuples()
    assert (row.only_method_right, row.only_baseline_right) == (0, 1)
