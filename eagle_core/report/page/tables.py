"""The tables of the page: the headline, other metrics, paired differences, thresholds, explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from eagle_core.data.question_types import TITLES
from eagle_core.evaluation.comparisons import Comparison
from eagle_core.evaluation.completeness import NotJudged
from eagle_core.evaluation.kinds import found_by_kind
from eagle_core.evaluation.table import METHOD_NAMES, NO_VALUE, ComparisonTable, titled
from eagle_core.evaluation.unlabelled import UnlabelledVerdicts
from eagle_core.mmad.scoring import AVERAGE
from eagle_core.mmad.summary import CHANCE, METRIC
from eagle_core.record_table import NO_MLLM
from eagle_core.records import Threshold
from eagle_core.report.page.content import PageTable

ONLY_RIGHT = "images that only one judged right: first / second"
BY_CHANCE = "how often chance alone splits them so (McNemar's p)"
LISTED = 50
"""Images that were not judged, in their table."""
COLUMNS = {
    "false_alarm_rate": "false alarms",
    "recall": "defects found (recall)",
    "precision": "alarms that are defects (precision)",
    "f1": "both in one (F1)",
    "auroc_expert_score": "bad parts score higher (AUROC)",
    "auroc_p_defect": "bad parts seem likelier (AUROC of P(defect))",
    "pixel_auroc": "defective pixels score higher (pixel AUROC)",
    "aupro_fpr30": "defects covered (PRO)",
    "pixel_iou": "overlap with the masks (IoU)",
    "false_pixel_rate_promised": "false pixels promised",
    "false_pixel_rate": "false pixels",
}


def summary_tables(
    summary: pd.DataFrame, records: pd.DataFrame, compared: Sequence[Comparison], confidence: float
) -> list[PageTable]:
    """Macro means of further metrics, paired differences, what the gate changed, explanations."""
    found = [_metrics(summary, str(dataset), confidence) for dataset in dict.fromkeys(records["dataset"])]
    if compared:
        found.append(_differences(compared, confidence))
    guided = records[records["method"].isin(["eagle", "eagle_echo"])]
    if len(guided):
        found.append(_gate(records, guided))
    kinds = tuple(
        (METHOD_NAMES[k.method], NO_VALUE if k.mllm == NO_MLLM else k.mllm, k.kind, k.dataset, f"{k.found} of {k.images}")
        for k in found_by_kind(records)
    )
    if kinds:
        found.append(PageTable("Found, by kind of defect", ("method", "MLLM", "kind of defect", "dataset", "called defective"), kinds))
    answered = summary[summary["metric"].str.startswith(METRIC)]
    if len(answered):
        found.append(_question_types(summary, answered, confidence))
    explained = summary[summary["metric"].str.startswith("explanation_") & (summary["scope"] == "pooled")]
    if len(explained):
        rows = [
            (r.metric.removeprefix("explanation_").replace("_", " "), METHOD_NAMES[r.method], _interval(r))
            for r in explained.itertuples()
        ]
        found.append(PageTable("Explanations against the record of each defect", ("field", "method", "share"), tuple(rows)))
    return found


def as_page_table(table: ComparisonTable) -> PageTable:
    """A table that the terminal shows too; its second column comes first here."""
    return PageTable(
        titled(table),
        (table.header[1], table.header[0], *table.header[2:]),
        tuple((row[1], row[0], *row[2:]) for row in table.rows),
        table.notes,
    )


def not_judged_tables(images: Sequence[NotJudged]) -> list[PageTable]:
    """Images that look like no training image: they count in no number of the other tables."""
    rows = tuple((image.category, image.dataset, image.image_id, image.reason) for image in images[:LISTED])
    notes = (f"{len(images) - LISTED} more are in records.parquet (status: not_judged)",) if len(images) > LISTED else ()
    header = ("category", "dataset", "image", "why")
    return [PageTable("Images that were not judged, and count in no number above", header, rows, notes)] if rows else []


def unlabelled_tables(verdicts: Sequence[UnlabelledVerdicts]) -> list[PageTable]:
    """How many images without labels each method called defective."""
    rows = tuple(
        (METHOD_NAMES[v.method], NO_VALUE if v.mllm == NO_MLLM else v.mllm, v.category, v.dataset, f"{v.defective} of {v.images}", str(v.undecided))
        for v in verdicts
    )
    header = ("method", "MLLM", "category", "dataset", "called defective", "no verdict")
    return [PageTable("Images without labels: verdicts, which nothing can be measured against", header, rows)] if rows else []


def threshold_tables(records: pd.DataFrame, fitted: Mapping[tuple[str, str], Threshold]) -> list[PageTable]:
    """tau, s_max and what they came to on normal test images, category by category."""
    rows, notes = [], []
    for (dataset, category), threshold in fitted.items():
        mine = records[(records["dataset"] == dataset) & (records["category"] == category)]
        normal = mine[mine["is_defective"].eq(other=False).fillna(value=False)].drop_duplicates("image_id")
        alarms = int(normal["expert_verdict"].fillna(value=False).sum())
        rows.append(
            (
                category,
                dataset,
                f"{threshold.tau:.3g} [{threshold.tau_low:.3g}, {threshold.tau_high:.3g}]",
                f"{threshold.s_max:.3g}" + (" (empty interval)" if threshold.interval_is_empty else ""),
                f"{threshold.interval_mass:.3f}",
                f"{alarms} of {len(normal)}" if len(normal) else NO_VALUE,
                NO_VALUE if threshold.shift is None else f"{threshold.shift.effect:.2f}" + (" shifted" if threshold.shift.shifted else ""),
            )
        )
        notes += [f"{category}: {warning}" for warning in threshold.warnings]
    header = (
        "category", "dataset", "limit (threshold τ) [95 %]", "highest normal score (s_max)", "share of normal images between the two",
        "false alarms of the expert", "shift of the test images",
    )  # fmt: skip
    return [PageTable("Limits: from which score on a part is called defective", header, tuple(rows), tuple(notes))] if rows else []


def _metrics(summary: pd.DataFrame, dataset: str, confidence: float) -> PageTable:
    macro = summary[(summary["dataset"] == dataset) & (summary["scope"] == "macro")]
    present = {k: v for k, v in COLUMNS.items() if (macro["metric"] == f"{k}_macro").any()}
    rows = []
    for (mllm, method), mine in macro.groupby(["mllm", "method"], sort=False):
        values = {r.metric: _interval(r) for r in mine.itertuples()}
        name, who = METHOD_NAMES[str(method)], NO_VALUE if mllm == NO_MLLM else str(mllm)
        rows.append((name, who, *(values.get(f"{k}_macro", NO_VALUE) for k in present)))
    rows.sort(key=lambda row: list(METHOD_NAMES.values()).index(row[0]))
    return PageTable(f"{dataset}: more measures, means of the categories (macro) [{confidence:.0%} interval]", ("method", "MLLM", *present.values()), tuple(rows))


def _differences(compared: Sequence[Comparison], confidence: float) -> PageTable:
    rows = tuple(
        (
            f"{METHOD_NAMES[c.method]} − {METHOD_NAMES[c.baseline]}",
            f"{c.dataset}, {c.mllm}",
            difference_shown(c),
            f"{c.only_method_right} / {c.only_baseline_right}",
            f"{c.p_value:.2g}",
            verdict_shown(c),
        )
        for c in compared
    )
    header = ("methods", "on the same images", f"difference of the means (macro) [{confidence:.0%}]", ONLY_RIGHT, BY_CHANCE, "so")
    return PageTable("Does one method judge better than another?", header, rows)


def difference_shown(compared: Comparison) -> str:
    """With its interval; a dash where there is no difference to be had."""
    interval = "" if compared.low is None or compared.high is None else f" [{compared.low:+.3f}, {compared.high:+.3f}]"
    return NO_VALUE if compared.difference is None else f"{compared.difference:+.3f}{interval}"


def verdict_shown(compared: Comparison) -> str:
    """What the difference comes to, in words."""
    return "no difference shown" if compared.is_null else "better" if (compared.difference or 0) > 0 else "worse"


def _gate(records: pd.DataFrame, guided: pd.DataFrame) -> PageTable:
    """What guided attention changed, against the same method without CAAS where that was run."""
    rows = []
    for (dataset, mllm, method), mine in guided.groupby(["dataset", "mllm", "method"], sort=False):
        opened = mine[mine["gate_open"].fillna(value=False)]
        other = records[(records["dataset"] == dataset) & (records["mllm"] == mllm) & (records["method"] == "eagle_no_caas")]
        both = opened.merge(other, on=["category", "image_id", "question_id"], suffixes=("", "_without"))
        moved = (both["p_defect"] - both["p_defect_without"]).abs().dropna()
        flipped = (both["verdict_defective"] != both["verdict_defective_without"]).sum()
        rows.append(
            (
                METHOD_NAMES[str(method)],
                f"{dataset}, {mllm}",
                f"{len(opened)} of {len(mine)}",
                f"{int((moved > 0).sum())}" if method == "eagle" else NO_VALUE,
                f"{moved.max():.3f}" if method == "eagle" and len(moved) else NO_VALUE,
                str(int(flipped)) if method == "eagle" else NO_VALUE,
            )
        )
    header = ("method", "on", "attention guided (gate open)", "probability of a defect changed (P(defect))", "by at most", "verdicts changed")
    return PageTable("What guided attention (CAAS) changed", header, tuple(rows))


def _question_types(summary: pd.DataFrame, answered: pd.DataFrame, confidence: float) -> PageTable:
    kinds = [*TITLES, AVERAGE]
    rows = []
    for (dataset, mllm, method), mine in answered.groupby(["dataset", "mllm", "method"], sort=False):
        values = {r.metric: _interval(r) for r in mine.itertuples()}
        rows.append((METHOD_NAMES[str(method)], f"{dataset}, {mllm}", *(values.get(METRIC + k, NO_VALUE) for k in kinds)))
    chance = summary[summary["metric"].str.startswith(CHANCE)].drop_duplicates("metric").set_index("metric")["value"]
    guessing = (f"{chance[CHANCE + k]:.3f}" if CHANCE + k in chance.index else NO_VALUE for k in kinds)
    rows.append(("guessing", "", *guessing))
    header = ("method", "on", *(TITLES[k] for k in TITLES), "average")
    return PageTable(f"Question types, as MMAD scores them [{confidence:.0%}]", header, tuple(rows))


def _interval(row: object) -> str:
    value, low, high = (getattr(row, name) for name in ("value", "low", "high"))
    if value is None or pd.isna(value):
        return NO_VALUE
    return f"{value:.3f}" + ("" if low is None or pd.isna(low) else f" [{low:.3f}, {high:.3f}]")
