"""The summary of made records against numbers worked out by hand."""

from __future__ import annotations

import io
import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from eagle_core.config import EvaluationConfig
from eagle_core.errors import DataError
from eagle_core.evaluation.summary import SUMMARY_SCHEMA, summarise
from eagle_core.evaluation.table import NotRunRow, comparison_table, comparison_tables
from eagle_core.record_table import to_frame

CONFIG = EvaluationConfig(bootstrap_samples=200)

# (defective, the expert says, EAGLE says; None: unparsed)
WEAVE = [
    (True, True, True),
    (True, True, True),
    (True, True, False),  # spoiled
    (True, False, True),  # corrected
    (False, False, False),
    (False, True, False),  # corrected
    (False, True, True),
    (False, False, None),  # unparsed: wrong, so spoiled
]
# Only defective images, as in a category without normal test images.
NUT = [(True, True, True), (True, False, None), (True, False, False)]


def records_of(record, categories, with_expert=True):
    for category, rows in categories.items():
        for i, (label, expert, verdict) in enumerate(rows):
            p = None if verdict is None else (0.9 - 0.01 * i if verdict else 0.2 + 0.01 * i)
            score = (2.0 if expert else 1.0) + 0.1 * i
            if with_expert:
                yield record(category, i, label, expert, method="expert", score=score, expert=expert)
            yield record(category, i, label, verdict, p=p, score=score, expert=expert)


def value(summary: pd.DataFrame, method: str, scope: str, metric: str) -> pd.Series:
    found = summary[
        (summary["method"] == method) & (summary["scope"] == scope) & (summary["metric"] == metric)
    ]
    assert len(found) == 1, (method, scope, metric)
    return found.iloc[0]


@pytest.fixture
def summary(record) -> pd.DataFrame:
    return summarise(to_frame(records_of(record, {"weave": WEAVE, "nut": NUT})), CONFIG, seed=0)


def test_columns_and_no_nan(summary) -> None:
    assert list(summary.columns) == SUMMARY_SCHEMA.names
    for row in pa.Table.from_pandas(summary, schema=SUMMARY_SCHEMA, preserve_index=False).to_pylist():
        assert all(not (isinstance(v, float) and np.isnan(v)) for v in row.values())
        assert row["low"] is None or row["low"] <= row["high"]
        assert (row["low"] is None) == (row["high"] is None)
        assert row["value"] is not None or row["low"] is None
    assert not summary.duplicated(["dataset", "mllm", "method", "scope", "metric"]).any()


def test_a_category_by_hand(summary) -> None:
    # Weave, EAGLE: TP 3, FN 1, TN 2, FP 1 + 1 unparsed on a normal image.
    expected = {
        "accuracy": 5 / 8,
        "balanced_accuracy": (3 / 4 + 2 / 4) / 2,
        "precision": 3 / 5,
        "recall": 3 / 4,
        "f1": 6 / 9,
        "false_alarm_rate": 2 / 4,
    }
    for metric, expected_value in expected.items():
        row = value(summary, "eagle", "weave", metric)
        assert row["value"] == pytest.approx(expected_value), metric
        assert (row["n"], row["n_unparsed"], row["n_categories"]) == (8, 1, 1)
    # The expert there: TP 3, FN 1, TN 2, FP 2.
    assert value(summary, "expert", "weave", "balanced_accuracy")["value"] == pytest.approx(0.625)
    assert value(summary, "expert", "weave", "accuracy")["n_unparsed"] == 0


def test_a_category_of_one_class_has_no_balanced_accuracy_and_leaves_the_macro_mean(summary) -> None:
    row = value(summary, "eagle", "nut", "balanced_accuracy")
    assert row["value"] is pd.NA and row["low"] is pd.NA and row["n"] == 3
    macro = value(summary, "eagle", "macro", "balanced_accuracy_macro")
    assert macro["value"] == pytest.approx(0.625) and macro["n_categories"] == 1
    # Recall has both: weave 3/4, nut 1/3 (the unparsed one is a miss).
    recall = value(summary, "eagle", "macro", "recall_macro")
    assert recall["value"] == pytest.approx((3 / 4 + 1 / 3) / 2) and recall["n_categories"] == 2


def test_pooled_takes_all_images_as_one_set(summary) -> None:
    # TP 3 + 1, FN 1 + 2, TN 2, FP 2.
    assert value(summary, "eagle", "pooled", "balanced_accuracy_pooled")["value"] == pytest.approx(
        (4 / 7 + 2 / 4) / 2
    )
    assert value(summary, "eagle", "pooled", "accuracy_pooled")["value"] == pytest.approx(6 / 11)
    assert value(summary, "eagle", "pooled", "f1_pooled")["value"] == pytest.approx(8 / 13)
    assert value(summary, "eagle", "pooled", "accuracy_pooled")["n_unparsed"] == 2


def test_pooled_resamples_stay_within_their_category(record) -> None:
    """One category all right, one all wrong: every stratified resample pools to exactly one half."""
    categories = {"good": [(True, True, True), (False, False, False)] * 3, "bad": [(True, False, False)] * 6}
    made = summarise(to_frame(records_of(record, categories)), CONFIG, seed=0)
    row = value(made, "eagle", "pooled", "accuracy_pooled")
    assert (row["value"], row["low"], row["high"]) == (0.5, 0.5, 0.5)


def test_auroc_leaves_unparsed_answers_out_and_says_how_many(summary) -> None:
    answered = [
        (label, 0.9 - 0.01 * i if v else 0.2 + 0.01 * i)
        for i, (label, _, v) in enumerate(WEAVE)
        if v is not None
    ]
    row = value(summary, "eagle", "weave", "auroc_p_defect")
    assert row["value"] == pytest.approx(roc_auc_score(*zip(*answered, strict=True)))
    assert (row["n"], row["n_unparsed"]) == (7, 1)
    scores = [(label, (2.0 if expert else 1.0) + 0.1 * i) for i, (label, expert, _) in enumerate(WEAVE)]
    expert = value(summary, "expert", "weave", "auroc_expert_score")
    assert expert["value"] == pytest.approx(roc_auc_score(*zip(*scores, strict=True))) and expert["n"] == 8


def test_flips_by_hand(summary) -> None:
    # Weave: the expert is wrong three times, two are corrected; right five times, two are spoiled.
    corrected, spoiled = (
        value(summary, "eagle", "weave", f"flip_rate_{k}") for k in ("corrected", "spoiled")
    )
    assert (corrected["value"], corrected["n"]) == (pytest.approx(2 / 3), 3)
    assert (spoiled["value"], spoiled["n"], spoiled["n_unparsed"]) == (pytest.approx(2 / 5), 5, 1)
    # Nut: wrong twice, none corrected; right once, not spoiled.
    assert value(summary, "eagle", "pooled", "flip_rate_corrected_pooled")["value"] == pytest.approx(2 / 5)
    assert value(summary, "eagle", "pooled", "flip_rate_spoiled_pooled")["value"] == pytest.approx(2 / 6)
    assert value(summary, "eagle", "macro", "flip_rate_corrected_macro")["value"] == pytest.approx(
        (2 / 3 + 0) / 2
    )
    assert not summary[(summary["method"] == "expert")]["metric"].str.startswith("flip").any()


def test_an_expert_that_never_errs_gives_no_rate_of_correction(record) -> None:
    rows = [(True, True, True), (False, False, False)]
    made = summarise(to_frame(records_of(record, {"a": rows})), CONFIG, seed=0)
    assert value(made, "eagle", "a", "flip_rate_corrected")["value"] is pd.NA
    assert value(made, "eagle", "a", "flip_rate_corrected")["n"] == 0


def test_an_image_that_failed_is_wrong_for_all_and_keeps_the_flips_of_the_others(record) -> None:
    rows = list(records_of(record, {"weave": WEAVE}))
    rows.append(record("weave", 99, False, None, method="expert", status="failed"))
    rows.append(record("weave", 99, False, None, status="failed"))
    made = summarise(to_frame(rows), CONFIG, seed=0)
    assert value(made, "expert", "weave", "accuracy")["value"] == pytest.approx(5 / 9)
    assert value(made, "expert", "weave", "auroc_expert_score")["n_unparsed"] == 1
    corrected = value(made, "eagle", "weave", "flip_rate_corrected")
    assert (corrected["value"], corrected["n"], corrected["n_unparsed"]) == (pytest.approx(2 / 4), 4, 1)
    assert value(made, "eagle", "weave", "flip_rate_spoiled")["n"] == 5


def test_order_of_records_and_other_categories_change_nothing(record) -> None:
    rows = list(records_of(record, {"weave": WEAVE, "nut": NUT}))
    first = summarise(to_frame(rows), CONFIG, seed=0)
    random.Random(1).shuffle(rows)
    keys = ["method", "scope", "metric"]
    second = summarise(to_frame(rows), CONFIG, seed=0)
    pd.testing.assert_frame_equal(
        first.sort_values(keys, ignore_index=True), second.sort_values(keys, ignore_index=True)
    )
    alone = summarise(to_frame(records_of(record, {"weave": WEAVE})), CONFIG, seed=0)
    for metric in ("accuracy", "f1", "auroc_p_defect", "flip_rate_spoiled"):
        mine, other = (value(s, "eagle", "weave", metric) for s in (first, alone))
        assert (mine["low"], mine["high"]) == (other["low"], other["high"]), metric
    reseeded = summarise(to_frame(rows), CONFIG, seed=1)
    assert (reseeded["low"] != second["low"]).any()


def test_rows_that_do_not_count(record) -> None:
    counted = list(records_of(record, {"weave": WEAVE}))
    others = [
        record("weave", 90, None, True, p=0.9),  # unlabelled
        record("weave", 91, True, False, split="train"),
        record("weave", 92, True, None, question_id="kind", question_type="defect_classification"),
    ]
    with_others, without = (summarise(to_frame(rows), CONFIG, seed=0) for rows in (counted + others, counted))
    pd.testing.assert_frame_equal(with_others, without)
    assert summarise(to_frame(others), CONFIG, seed=0).empty


def test_the_same_answer_twice_is_refused(record) -> None:
    rows = [record("weave", 1, True, True), record("weave", 1, True, False, run_id="r2")]
    with pytest.raises(DataError, match="more than once .*r1.*r2.*one run at a time"):
        summarise(to_frame(rows), CONFIG, seed=0)


def test_nan_is_refused(record) -> None:
    frame = to_frame([record("weave", i, i > 0, True, p=0.5) for i in range(3)])
    frame["p_defect"] = pd.array(pa.array([0.5, float("nan"), 0.2]), dtype=pd.ArrowDtype(pa.float64()))
    with pytest.raises(DataError, match="p_defect holds NaN"):
        summarise(frame, CONFIG, seed=0)


def test_the_comparison_table(summary) -> None:
    absent = NotRunRow("d", "*", "qwen", "eagle", "weights missing")
    partly = NotRunRow("d", "pcb", "tiny", "eagle", "no masks")
    table = comparison_table(summary, "d", not_run=[absent, partly])
    assert table.header == (
        "language model (MLLM)",
        "judged by",
        "nut",
        "pcb",
        "weave",
        "mean of the categories (macro) [95% interval]",
        "all images as one set (pooled)",
        "expert's errors put right (corrected)",
        "expert's right verdicts spoiled",
        "no verdict (unparsed)",
    )
    brief = table.brief()
    assert brief.header == (*table.header[:6], table.header[9]) and brief.notes == table.notes
    assert brief.rows == tuple((*row[:6], row[9]) for row in table.rows)
    expert, eagle, qwen = table.rows
    assert expert[:5] == ("–", "detector alone (expert)", "–", "–", "0.625") and expert[7:] == ("–", "–", "0")
    assert eagle[:5] == ("tiny", "language model told by the detector, sharpened in doubt (EAGLE)", "–", "not run", "0.625")
    assert eagle[5].startswith("0.625 [0.") and eagle[6:] == ("0.536", "2/5", "2/6", "2")
    assert qwen == ("qwen", eagle[1], *["not run"] * 4, "–", "–", "–", "–")
    assert "not run: qwen EAGLE, category *: weights missing" in table.notes
    (f1,) = comparison_tables(summary, metric="f1")
    assert f1.rows[1][3] == "0.667"


def test_a_dataset_that_is_absent_altogether_has_its_table(summary) -> None:
    tables = comparison_tables(summary, not_run=[NotRunRow("mvtec_ad", "*", "*", "*", "no such folder")])
    assert [table.dataset for table in tables] == ["d", "mvtec_ad"]
    assert tables[1].rows == (("*", "all methods", "not run", "–", "–", "–", "–"),)
    assert tables[1].notes == ("not run: * all methods, category *: no such folder",)


def test_the_table_of_a_summary_read_back_from_json(summary) -> None:
    back = pd.read_json(io.StringIO(summary.to_json(orient="records", double_precision=15)))
    assert comparison_table(back, "d") == comparison_table(summary, "d")
