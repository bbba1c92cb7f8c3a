"""Metrics that were kept are those that were computed, to the last bit; other records or resamples are other metrics."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from eagle_core.config import EagleConfig
from eagle_core.evaluation.comparisons import compare
from eagle_core.evaluation.summary import summarise
from eagle_core.record_table import NO_MLLM, Record, read_records, write_records
from tasks.machinery.store import Entry
from tasks.stages.measurement import measure, read_measurement


def records() -> list[Record]:
    """Twelve images, two methods; the MLLM is wrong on every third."""
    rows = []
    for number in range(12):
        for method, verdict in (("expert", number % 4 == 0), ("eagle", (number % 2 == 0) ^ (number % 3 == 0))):
            rows.append(
                Record(
                    dataset="d", category="c", image_id=f"c/test/{number}.png", split="test", is_defective=number % 2 == 0,
                    question_id="defect", question_type="anomaly_detection", method=method,
                    mllm=NO_MLLM if method == "expert" else "tiny", status="not_asked" if method == "expert" else "answered",
                    verdict_defective=verdict, p_defect=None, expert_score=float(number), expert_verdict=number % 4 == 0, run_id="r",
                )
            )  # fmt: skip
    return rows


def test_kept_metrics_are_the_computed_ones(tmp_path: Path) -> None:
    write_records(records(), tmp_path / "records.parquet")
    table = read_records(tmp_path / "records.parquet")
    config = EagleConfig.model_validate({"datasets": {"d": {"root": tmp_path}}, "run": {"cache_dir": tmp_path / "cache"}, "evaluation": {"bootstrap_samples": 40}})
    source = Entry("records", "abc", tmp_path, cached=True)
    first = measure(config, [source], table, {}, {})
    again = measure(config, [source], table.iloc[:0], {}, {})
    assert (first.cached, again.cached) == (False, True)
    summary, compared = read_measurement(again)
    pd.testing.assert_frame_equal(summary, summarise(table, config.evaluation, seed=config.run.seed), check_exact=True)
    assert compared == compare(table, config.evaluation, seed=config.run.seed)
    assert summary["low"].notna().any()
    assert len(compared) == 1

    more = config.model_copy(update={"evaluation": config.evaluation.model_copy(update={"bootstrap_samples": 41})})
    other = Entry("records", "abd", tmp_path, cached=True)
    assert not measure(more, [source], table, {}, {}).cached
    assert not measure(config, [other], table, {}, {}).cached
    assert not measure(config, [source], table, {}, {"d": "1.dir"}).cached
