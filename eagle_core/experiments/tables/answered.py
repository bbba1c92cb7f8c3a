"""The records that an experiment's tables are made of, group by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from eagle_core.config import EagleConfig
from eagle_core.record_table import NO_MLLM


@dataclass(frozen=True, slots=True)
class Answered:
    """The records of one method of one MLLM at one point of an experiment on one dataset."""

    point: str
    """The point's label."""
    config: EagleConfig
    """The point's."""
    dataset: str
    mllm: str
    """``none`` for the expert alone."""
    method: str
    records: pd.DataFrame

    @property
    def subject(self) -> dict[str, str]:
        """What a row of a table begins with."""
        return {"point": self.point, "dataset": self.dataset, "mllm": self.mllm, "method": self.method}


def asked(groups: Sequence[Answered]) -> Iterator[tuple[Answered, pd.DataFrame]]:
    """Groups that an MLLM answered, with their records whose right letter is known."""
    for group in groups:
        if group.mllm != NO_MLLM:
            yield group, group.records[group.records["correct_letter"].notna()]
