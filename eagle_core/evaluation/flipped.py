"""Which verdicts differ between two runs, image by image, and whether that put them right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

KEY = ["dataset", "category", "image_id", "question_id", "mllm", "method"]


@dataclass(frozen=True, slots=True)
class Flipped:
    """One verdict that two runs do not share."""

    dataset: str
    category: str
    image_id: str
    mllm: str
    method: str
    before: bool | None
    """Defective in the first run; None: no verdict."""
    after: bool | None
    is_defective: bool | None
    """The label; None: there is none."""

    @property
    def change(self) -> str:
        """put right, spoiled, or changed where no label or no verdict tells."""
        if self.is_defective is None or self.before == self.after:
            return "changed"
        if self.after == self.is_defective:
            return "put right"
        return "spoiled" if self.before == self.is_defective else "changed"


@dataclass(frozen=True, slots=True)
class RunDifference:
    """Two runs beside each other."""

    shared: int
    """Verdicts that both runs have."""
    only_first: int
    only_second: int
    flipped: tuple[Flipped, ...]


def run_difference(first: pd.DataFrame, second: pd.DataFrame) -> RunDifference:
    """Compare the yes/no verdicts of two runs' records."""
    both = _verdicts(first).merge(_verdicts(second), on=KEY, how="outer", suffixes=("", "_after"), indicator=True)
    shared = both[both["_merge"] == "both"]
    flipped = tuple(
        Flipped(
            str(r.dataset), str(r.category), str(r.image_id), str(r.mllm), str(r.method),
            _known(r.verdict_defective), _known(r.verdict_defective_after), _known(r.is_defective),
        )
        for r in shared.itertuples()
        if _known(r.verdict_defective) != _known(r.verdict_defective_after)
    )  # fmt: skip
    counts = both["_merge"].value_counts()
    return RunDifference(len(shared), int(counts.get("left_only", 0)), int(counts.get("right_only", 0)), flipped)


def changed_values(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """(dotted key, in the first, in the second) of all values that differ; None where a key is absent."""
    one, other = _leaves("", first), _leaves("", second)
    return [(key, one.get(key), other.get(key)) for key in sorted({*one, *other}) if one.get(key) != other.get(key)]


def _leaves(prefix: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {prefix: value}
    return {k: v for name, child in value.items() for k, v in _leaves(f"{prefix}.{name}" if prefix else str(name), child).items()}


def _verdicts(records: pd.DataFrame) -> pd.DataFrame:
    asked = records[records["question_type"] == "anomaly_detection"]
    return asked[[*KEY, "verdict_defective", "is_defective"]].drop_duplicates(KEY)


def _known(value: Any) -> bool | None:
    return None if value is None or pd.isna(value) else bool(value)
