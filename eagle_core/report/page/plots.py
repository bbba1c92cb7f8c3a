"""The page's interactive plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from eagle_core.evaluation.table import METHOD_NAMES
from eagle_core.record_table import NO_MLLM
from eagle_core.records import Threshold
from eagle_core.report import style
from eagle_core.report.page.content import OUTCOME_NAMES, OutcomeTag, Plot

COLOURS = (style.FAINT, style.TEST_DEFECTIVE, style.GROUND_TRUTH, style.TEST_NORMAL, style.TRAIN_NORMAL, style.WRONG)
OUTCOME_COLOURS: dict[OutcomeTag, str] = {
    "right": style.RIGHT,
    "missed": style.WRONG,
    "false_alarm": style.TEST_DEFECTIVE,
    "no_verdict": style.NO_VERDICT,
    "unlabelled": style.UNLABELLED,
}
BINS = 60
KINDS = 4
"""Histograms of a category: training, normal, defective, unlabelled."""
GREY = "#8a8a8a"
"""Readable on white and on black: the page follows the reader's colour scheme, plots do not."""


@dataclass(frozen=True, slots=True)
class CategoryScores:
    """The expert's scores of one category."""

    train: Sequence[float]
    normal: Sequence[float]
    defective: Sequence[float]
    unlabelled: Sequence[float]
    threshold: Threshold


def library() -> str:
    """Plotly's JavaScript, to be put into the page once."""
    return str(get_plotlyjs())


def accuracy_bars(summary: pd.DataFrame, dataset: str) -> Plot:
    """Balanced accuracy of every method by category, with intervals."""
    mine = summary[(summary["dataset"] == dataset) & (summary["metric"] == "balanced_accuracy")]
    figure = go.Figure()
    groups = mine[["mllm", "method"]].drop_duplicates().itertuples(index=False)
    order = list(METHOD_NAMES)
    for (mllm, method), colour in zip(
        sorted(map(tuple, groups), key=lambda pair: (order.index(pair[1]), pair[0])), COLOURS * 9, strict=False
    ):
        rows = mine[(mine["mllm"] == mllm) & (mine["method"] == method)]
        name = METHOD_NAMES[method] + ("" if mllm == NO_MLLM else f", {mllm}")
        figure.add_bar(
            x=rows["scope"].tolist(),
            y=rows["value"].astype("float64").tolist(),
            name=name,
            marker_color=colour,
            error_y={
                "type": "data",
                "symmetric": False,
                "array": (rows["high"] - rows["value"]).astype("float64").tolist(),
                "arrayminus": (rows["value"] - rows["low"]).astype("float64").tolist(),
                "color": GREY,
                "thickness": 1,
            },
        )
    figure.add_hline(y=0.5, line={"color": GREY, "dash": "dot", "width": 1})
    figure.update_layout(barmode="group", yaxis={"title": "balanced accuracy", "range": [0, 1.02]})
    return _plot(figure, f"{dataset}: balanced accuracy by category (dotted: guessing)", f"bars-{dataset}")


def score_histograms(scores: Mapping[str, CategoryScores], dataset: str) -> Plot:
    """Scores of training, normal and defective images with tau and s_max (paper: Fig. 4); a menu of categories."""
    figure = go.Figure()
    lines = []
    for number, s in enumerate(scores.values()):
        everything = np.concatenate([np.asarray(v, dtype=np.float64) for v in (s.train, s.normal, s.defective, s.unlabelled)])
        low, high = float(everything.min()), float(everything.max())
        bins = {"start": low, "end": high + 1e-9, "size": max(high - low, 1e-9) / BINS}
        for name, values, colour in (
            ("training (normal, unsampled patches)", s.train, style.TRAIN_NORMAL),
            ("test, normal", s.normal, style.TEST_NORMAL),
            ("test, defective", s.defective, style.TEST_DEFECTIVE),
            ("test, unlabelled", s.unlabelled, style.UNLABELLED),
        ):
            figure.add_histogram(
                x=list(values), name=name, xbins=bins, marker_color=colour, opacity=0.65, visible=number == 0,
                showlegend=len(values) > 0,
            )
        lines.append([_line(s.threshold.tau, "τ", "solid"), _line(s.threshold.s_max, "s_max", "dash")])
    buttons = [
        {
            "label": category,
            "method": "update",
            "args": [
                {"visible": [place // KINDS == number for place in range(KINDS * len(scores))]},
                {"shapes": [shape for shape, _ in lines[number]], "annotations": [note for _, note in lines[number]]},
            ],
        }
        for number, category in enumerate(scores)
    ]
    figure.update_layout(
        barmode="overlay",
        xaxis={"title": "anomaly score"},
        yaxis={"title": "images"},
        shapes=[shape for shape, _ in lines[0]],
        annotations=[note for _, note in lines[0]],
        updatemenus=[{"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.18, "yanchor": "bottom"}],
        margin={"t": 90},
    )
    return _plot(figure, f"{dataset}: anomaly scores and thresholds; choose a category", f"scores-{dataset}")


def answers_against_scores(records: pd.DataFrame, outcomes: Sequence[OutcomeTag], name: str, key: str) -> Plot:
    """P(defect) of one method against the expert's score in units of tau.

    Args:
        records: Rows of one method with a P(defect).
        outcomes: Of each row.
        name: Of the method.
        key: Distinguishes the plot's element in the page.
    """
    figure = go.Figure()
    shown = records.assign(outcome=list(outcomes), relative=records["expert_score"] / records["tau"])
    for outcome, colour in OUTCOME_COLOURS.items():
        rows = shown[shown["outcome"] == outcome]
        if len(rows):
            figure.add_scatter(
                x=rows["relative"].astype("float64").tolist(),
                y=rows["p_defect"].astype("float64").tolist(),
                mode="markers",
                name=OUTCOME_NAMES[outcome],
                text=[f"{r.category}<br>{r.image_id}" for r in rows.itertuples()],
                marker={"color": colour, "size": 7, "opacity": 0.7},
            )
    figure.add_vline(x=1, line={"color": GREY, "dash": "dot", "width": 1})
    figure.add_hline(y=0.5, line={"color": GREY, "dash": "dot", "width": 1})
    figure.update_layout(
        xaxis={"title": "expert's score / τ"}, yaxis={"title": "P(defect)", "range": [-0.02, 1.02]}
    )
    return _plot(figure, f"{name}: P(defect) against the expert's score", key)


def _line(position: float, text: str, dash: str) -> tuple[dict[str, object], dict[str, object]]:
    line = {"color": GREY, "dash": dash, "width": 2}
    shape = {"type": "line", "x0": position, "x1": position, "y0": 0, "y1": 1, "yref": "paper", "line": line}
    return shape, {"x": position, "y": 1, "yref": "paper", "yanchor": "bottom", "text": text, "showarrow": False}


def _plot(figure: go.Figure, title: str, key: str) -> Plot:
    figure.update_layout(
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": GREY, "family": "system-ui, sans-serif", "size": 13},
        legend={"orientation": "h", "y": -0.22, "yanchor": "top"},
        height=440,
    )
    figure.update_layout(margin={"l": 60, "r": 20, "b": 90, "t": figure.layout.margin.t or 30})
    figure.update_xaxes(gridcolor="rgba(138,138,138,0.2)", zeroline=False)
    figure.update_yaxes(gridcolor="rgba(138,138,138,0.2)", zeroline=False)
    settings = {"responsive": True, "displaylogo": False}
    html = figure.to_html(full_html=False, include_plotlyjs=False, div_id=f"plot-{key}", config=settings)
    return Plot(title, html)
