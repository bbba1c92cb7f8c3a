"""CONTRIBUTING.md names files that are there, and its examples are short Python that does what it says."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLES = [textwrap.dedent(code) for code in re.findall(r"^ *```python\n(.*?)^ *```", TEXT, re.MULTILINE | re.DOTALL)]
WRITTEN_BY_THE_READER = {
    "eagle_core/threshold/trimmed.py",
    "eagle_core/data/new_format.py",
    "eagle_core/methods/new.py",
    "eagle_core/experiments/published/shots.toml",
}


def test_every_file_that_it_names_is_there() -> None:
    named = set(re.findall(r"`((?:eagle_core|tasks|flows|tests|docs)/[\w/.]+)`", TEXT))
    assert len(named) > 15
    assert {name for name in named if not (ROOT / name).exists()} == WRITTEN_BY_THE_READER


@pytest.mark.parametrize("code", EXAMPLES)
def test_every_example_is_python_of_at_most_fifteen_lines(code: str) -> None:
    assert len(code.splitlines()) <= 15
    compile(code.rstrip().rstrip(","), "CONTRIBUTING.md", "exec")


def test_the_threshold_rule_computes_what_it_says() -> None:
    defined: dict[str, object] = {}
    exec(EXAMPLES[0], defined)
    rule = defined["trimmed"]
    # Of eleven scores int(0.9 * 11) = 9 are kept: mean 1, all equal, so that sigma is 0.
    assert rule(np.array([1.0] * 9 + [50.0, 60.0]), 3.0) == 1.0  # type: ignore[operator]
    # 2, 4, 4, 4, 5, 5, 7 of eight scores: mean 31/7, variance 151/7 - (31/7)^2.
    eight = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])
    assert rule(eight, 2.0) == pytest.approx(31 / 7 + 2 * (151 / 7 - (31 / 7) ** 2) ** 0.5)  # type: ignore[operator]
