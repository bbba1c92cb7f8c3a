"""Stage that measures a run: summary and comparisons with their bootstrap intervals, kept by what they are made from.

A run that finds all its answers in the store finds what they came to there as well.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from eagle_core.config import EagleConfig
from eagle_core.data.scene import SceneRecord
from eagle_core.evaluation.comparisons import Comparison
from eagle_core.evaluation.summary import SUMMARY_SCHEMA
from tasks.machinery.inputs import store_of
from tasks.machinery.store import Entry

VERSION = 1
SUMMARY, COMPARISONS = "summary.parquet", "comparisons.json"


class Measurement(NamedTuple):
    """What the records of a run come to."""

    summary: pd.DataFrame
    """Columns of ``SUMMARY_SCHEMA``."""
    compared: tuple[Comparison, ...]


def measure(
    config: EagleConfig, sources: Sequence[Entry], records: pd.DataFrame, scenes: Mapping[str, SceneRecord], scenes_of: Mapping[str, str]
) -> Entry:
    """Summarise and compare ``records``.

    Args:
        config: Resamples, confidence and seed.
        sources: The entries that ``records`` was read from, in its order.
        records: Of a whole run.
        scenes: What images show, by image_id, where it is known.
        scenes_of: Hash of each dataset that ``scenes`` may come from.
    """
    inputs = {
        "records": [entry.key for entry in sources],
        "scenes": dict(scenes_of),
        "evaluation": config.evaluation.model_dump(mode="json"),
        "seed": config.run.seed,
    }

    def compute(folder: Path) -> None:
        from eagle_core.evaluation.comparisons import compare
        from eagle_core.evaluation.summary import summarise
        from eagle_core.methods.explanation_accuracy import explanation_accuracy
        from eagle_core.mmad.summary import question_rows

        parts = [
            summarise(records, config.evaluation, seed=config.run.seed),
            explanation_accuracy(records, scenes, config.evaluation.confidence),
            question_rows(
                records,
                samples=config.evaluation.bootstrap_samples,
                confidence=config.evaluation.confidence,
                seed=config.run.seed,
            ),
        ]
        table = pa.Table.from_pandas(pd.concat(parts, ignore_index=True), schema=SUMMARY_SCHEMA, preserve_index=False)
        pq.write_table(table, folder / SUMMARY)
        compared = [dataclasses.asdict(c) for c in compare(records, config.evaluation, seed=config.run.seed)]
        (folder / COMPARISONS).write_text(json.dumps(compared, allow_nan=False), encoding="utf-8")

    return store_of(config).get_or_compute("measurement", VERSION, inputs, compute)


def read_measurement(entry: Entry) -> Measurement:
    """What ``measure`` kept; equal to the last bit."""
    summary = pq.read_table(entry.path / SUMMARY, schema=SUMMARY_SCHEMA).to_pandas(types_mapper=pd.ArrowDtype)
    compared = json.loads((entry.path / COMPARISONS).read_text(encoding="utf-8"))
    return Measurement(summary, tuple(Comparison(**fields) for fields in compared))
