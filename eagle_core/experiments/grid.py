"""From ``caas.alpha=0:1:0.1`` to the points of a sweep. Knows texts and exact decimals, not what the keys mean."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from eagle_core.errors import ConfigurationError

NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?"
LOOKS_LIKE_RANGE = re.compile(rf"\s*{NUMBER}(?:\s*:\s*{NUMBER})+\s*")
MAX_POINTS = 10_000
"""A sweep of more is taken for a slip of the keyboard."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter and the values it takes, as they would be written after ``--set KEY=``."""

    key: str
    values: tuple[str, ...]


def parse_axis(key: str, text: str) -> Axis:
    """``start:stop:step`` (both ends included, exact decimals) or ``a,b,c``; anything else is one value.

    Commas inside brackets, braces or quotes belong to a value.

    Raises:
        ConfigurationError: The range does not end at ``stop``, has no step, or a value is empty or there twice.
    """
    values = _range(key, text) if LOOKS_LIKE_RANGE.fullmatch(text) else _listed(text)
    if not all(values):
        raise ConfigurationError(f"{key}={text}: a value is empty; write {key}=a,b,c or {key}=start:stop:step")
    repeated = sorted({value for value in values if values.count(value) > 1})
    if repeated:
        raise ConfigurationError(f"{key}={text}: {', '.join(repeated)} is there twice; name each value once")
    return Axis(key, values)


def grid_points(axes: Mapping[str, str]) -> tuple[dict[str, str], ...]:
    """Every combination of the axes' values, ``{key: text of the axis}`` to ``{key: value}``; the last varies fastest.

    Raises:
        ConfigurationError: As ``parse_axis``; or there are more than ``MAX_POINTS`` points.
    """
    parsed = [parse_axis(key, text) for key, text in axes.items()]
    total = 1
    for axis in parsed:
        total *= len(axis.values)
    if total > MAX_POINTS:
        raise ConfigurationError(f"the grid has {total} points, at most {MAX_POINTS} are run; take larger steps")
    keys = [axis.key for axis in parsed]
    return tuple(dict(zip(keys, values, strict=True)) for values in itertools.product(*(a.values for a in parsed)))


def _range(key: str, text: str) -> tuple[str, ...]:
    parts = [Decimal(part.strip()) for part in text.split(":")]
    if len(parts) != 3:
        raise ConfigurationError(f"{key}={text}: write a range as start:stop:step, such as 0:1:0.1")
    start, stop, step = parts
    if step == 0 or (stop - start) / step < 0:
        raise ConfigurationError(f"{key}={text}: a step of {step} does not lead from {start} to {stop}")
    steps = int((stop - start) / step)
    if steps >= MAX_POINTS:
        raise ConfigurationError(f"{key}={text}: {steps + 1} values, at most {MAX_POINTS} are run; take a larger step")
    last = start + steps * step
    if last != stop:
        raise ConfigurationError(
            f"{key}={text}: steps of {step} from {start} do not end at {stop}; write {start}:{last:f}:{step}"
        )
    return tuple(f"{start + index * step:f}" for index in range(steps + 1))


def _listed(text: str) -> tuple[str, ...]:
    values, depth, quote, current = [], 0, "", ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        depth += (character in "[{") - (character in "]}") if not quote else 0
        if character == "," and depth == 0 and not quote:
            values.append(current.strip())
            current = ""
        else:
            current += character
    return (*values, current.strip())
