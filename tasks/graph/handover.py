"""What one part of the graph tells another that runs elsewhere: small plain values in the store, found by a token.

Both must see the same store. Entries travel as stage and key; where they lie is this machine's affair.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from eagle_core.errors import DataError
from tasks.graph.values import MethodResult, Point, Reading
from tasks.machinery.store import Entry, Store, content_key
from tasks.stages.data import CategoryName

VERSION = 1
STAGE = "handover"
FILE = "handover.json"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ExpertsWanted:
    """What ``eagle/experts`` is asked for."""

    points: tuple[Point, ...]
    categories: tuple[tuple[CategoryName, ...], ...]
    localise: bool


@dataclass(frozen=True, slots=True)
class AnswersWanted:
    """What ``eagle/ask`` is asked for."""

    points: tuple[Point, ...]
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class ExpertsMade:
    """What ``eagle/experts`` hands back."""

    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class AnswersMade:
    """What ``eagle/ask`` hands back: for each reading, for each of its points, every method."""

    results: tuple[tuple[tuple[MethodResult, ...], ...], ...]


def give(store: Store, token: str, value: Any) -> None:
    """Leave ``value`` for whoever knows the token."""

    def compute(folder: Path) -> None:
        (folder / FILE).write_bytes(TypeAdapter(type(value)).dump_json(value))

    store.get_or_compute(STAGE, VERSION, _inputs(token, type(value)), compute)


def take(store: Store, token: str, kind: type[T]) -> T:
    """The value of type ``kind`` that was left under ``token``.

    Raises:
        DataError: There is none in this store.
    """
    found = store.find(STAGE, content_key(STAGE, VERSION, _inputs(token, kind)))
    if found is None:
        raise DataError(
            f"{store.root}: nothing was handed over under {token}; all parts of a run must see the same run.cache_dir"
        )
    value: T = TypeAdapter(kind).validate_json((found.path / FILE).read_bytes())
    placed: T = _placed(value, store)
    return placed


def _inputs(token: str, kind: type[Any]) -> dict[str, str]:
    return {"token": token, "kind": kind.__name__}


def _placed(value: Any, store: Store) -> Any:
    """``value`` with the paths of its entries in this store."""
    if isinstance(value, Entry):
        return dataclasses.replace(value, path=store.path(value.stage, value.key))
    if isinstance(value, tuple):
        return tuple(_placed(one, store) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _placed(getattr(value, f.name), store) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value
