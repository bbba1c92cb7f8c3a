"""The page of two runs side by side: what changed in the parameters, which images flipped, the numbers of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from eagle_core.counted import counted
from eagle_core.evaluation.flipped import Flipped, changed_values, run_difference
from eagle_core.evaluation.summary import summary_of
from eagle_core.evaluation.table import NO_VALUE
from eagle_core.report.page.card import shown_name
from eagle_core.report.page.content import PageTable
from eagle_core.report.page.sliders import anchor_of
from eagle_core.report.page.templates import layout_text, template

IGNORED = ("run.output_dir", "run.cache_dir", "tracking.", "report.", "service.")
"""Parameters that change no result."""
SHOWN_METRICS = ("balanced_accuracy_macro", "recall_macro", "false_alarm_rate_macro", "auroc_expert_score_macro", "pixel_auroc_macro")
SAYS = {None: "no verdict", True: "defective", False: "normal"}
TRUTH = {None: "unlabelled", True: "defective", False: "normal"}


def two_run_tables(
    first: Mapping[str, Any], second: Mapping[str, Any], records: tuple[pd.DataFrame, pd.DataFrame]
) -> tuple[tuple[str, ...], tuple[PageTable, ...], tuple[Flipped, ...]]:
    """Opening sentences, tables and the flipped verdicts.

    Args:
        first: ``summary.json`` of one run.
        second: Of the other.
        records: Of both.
    """
    changed = [c for c in changed_values(first["params"], second["params"]) if not c[0].startswith(IGNORED)]
    found = run_difference(*records)
    counts = Counter(flip.change for flip in found.flipped)
    opening = [
        f"Of {counted(found.shared, 'verdict')} that both runs have, {len(found.flipped)} {'differs' if len(found.flipped) == 1 else 'differ'}: {counts['put right']} put right, "
        f"{counts['spoiled']} spoiled, {counts['changed']} changed without a label that tells.",
        f"{counted(len(changed), 'parameter differs', 'parameters differ')}." if changed else "No parameter that shapes results differs.",
    ]
    if found.only_first or found.only_second:
        opening.append(f"Only in the first run: {counted(found.only_first, 'verdict')}; only in the second: {found.only_second}.")
    tables = [
        PageTable("What changed in params.yaml", ("parameter", "first", "second"), tuple((k, str(a), str(b)) for k, a, b in changed)),
        _metrics(first, second),
        PageTable(
            "Verdicts by method",
            ("method", "dataset", "put right", "spoiled", "changed"),
            tuple(
                (shown_name(mllm, method), dataset, *(str(count[name]) for name in ("put right", "spoiled", "changed")))
                for (dataset, mllm, method), count in _by_method(found.flipped).items()
            ),
        ),
    ]
    return tuple(opening), tuple(table for table in tables if table.rows), found.flipped


def render_two_runs(
    first: Mapping[str, Any], second: Mapping[str, Any], records: tuple[pd.DataFrame, pd.DataFrame], links: tuple[str, str]
) -> str:
    """As one HTML text; every text is escaped.

    Args:
        first: ``summary.json`` of one run.
        second: Of the other.
        records: Of both.
        links: Addresses of the runs' own pages, as seen from this one.
    """
    opening, tables, flipped = two_run_tables(first, second, records)
    rows = [
        (shown_name(f.mllm, f.method), f.image_id, TRUTH[f.is_defective], SAYS[f.before], SAYS[f.after], f.change, anchor_of(f.dataset, f.image_id))
        for f in sorted(flipped, key=lambda f: (f.change, f.category, f.image_id, f.method))
    ]
    return template("two_runs.html.j2").render(
        title=f"Eagle: run {first['provenance']['run_id']} and run {second['provenance']['run_id']}",
        style=layout_text("page.css"),
        opening=opening,
        tables=tables,
        rows=rows,
        links=links,
    )


def _by_method(flipped: tuple[Flipped, ...]) -> dict[tuple[str, str, str], Counter[str]]:
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for flip in flipped:
        found.setdefault((flip.dataset, flip.mllm, flip.method), Counter())[flip.change] += 1
    return found


def _metrics(first: Mapping[str, Any], second: Mapping[str, Any]) -> PageTable:
    keys = ["dataset", "mllm", "method", "metric"]
    both = [summary_of(run["summary"]) for run in (first, second)]
    one, other = (s[s["metric"].isin(SHOWN_METRICS)].set_index(keys)["value"].to_dict() for s in both)
    rows = []
    for key in dict.fromkeys((*one, *other)):
        dataset, mllm, method, metric = key
        values = [None if pd.isna(v := side.get(key)) else float(v) for side in (one, other)]
        difference = NO_VALUE if None in values else f"{values[1] - values[0]:+.3f}"  # type: ignore[operator]
        shown = (NO_VALUE if v is None else f"{v:.3f}" for v in values)
        rows.append((shown_name(mllm, method), dataset, metric.removesuffix("_macro").replace("_", " "), *shown, difference))
    return PageTable("Macro means", ("method", "dataset", "metric", "first", "second", "difference"), tuple(rows))
