"""Ranges of exact decimals with both ends, lists, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.errors import ConfigurationError
from eagle_core.experiments.grid import MAX_POINTS, grid_points, parse_axis

decimals = st.decimals(min_value=-100, max_value=100, places=3, allow_nan=False, allow_infinity=False)
steps = st.decimals(min_value="0.001", max_value=10, places=3, allow_nan=False, allow_infinity=False)


def test_the_ranges_of_the_issue() -> None:
    tenths = ("0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0")
    assert parse_axis("caas.alpha", "0:1:0.1").values == tenths
    assert parse_axis("threshold.kappa", "1:4:0.5").values == ("1.0", "1.5", "2.0", "2.5", "3.0", "3.5", "4.0")
    assert len(grid_points({"caas.alpha": "0:1:0.1", "threshold.kappa": "1:4:0.5"})) == 77


@given(start=decimals, step=steps, count=st.integers(0, 50), down=st.booleans())
def test_a_range_holds_both_ends_and_equal_steps(start: Decimal, step: Decimal, count: int, down: bool) -> None:
    step = -step if down else step
    stop = start + count * step
    values = [Decimal(value) for value in parse_axis("key", f"{start}:{stop}:{step}").values]
    assert (values[0], values[-1], len(values)) == (start, stop, count + 1)
    assert {b - a for a, b in pairwise(values)} <= {step}


@given(start=decimals, step=steps, count=st.integers(1, 50), excess=st.decimals("0.0001", "0.0009", places=4))
def test_a_range_that_misses_its_end_is_refused(start: Decimal, step: Decimal, count: int, excess: Decimal) -> None:
    with pytest.raises(ConfigurationError, match="do not end at"):
        parse_axis("key", f"{start}:{start + count * step + excess}:{step}")


@given(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), min_size=1, max_size=8, unique=True))
def test_a_list_keeps_its_values_and_order(values: list[str]) -> None:
    assert parse_axis("key", ",".join(values)).values == tuple(values)


def test_commas_inside_a_value_do_not_part_it() -> None:
    assert parse_axis("expert.backbone.layers", "[layer2, layer3],[layer3]").values == ("[layer2, layer3]", "[layer3]")
    assert parse_axis("key", "'a,b',c").values == ("'a,b'", "c")


@pytest.mark.parametrize("text", ["0:1", "0:1:0", "0:1:-0.1", "0:1:0.1:2", "a,,b", "", "a,b,a", f"0:{MAX_POINTS}:1"])
def test_what_is_refused_names_the_key(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"caas\.alpha="):
        parse_axis("caas.alpha", text)


def test_the_last_axis_varies_fastest() -> None:
    points = grid_points({"a": "1,2", "b": "x,y"})
    assert points == ({"a": "1", "b": "x"}, {"a": "1", "b": "y"}, {"a": "2", "b": "x"}, {"a": "2", "b": "y"})


def test_a_grid_that_is_too_large_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="1000000 points"):
        grid_points({"a": "1:1000:1", "b": "1:1000:1"})
