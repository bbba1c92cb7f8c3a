"""The page's parts without a browser: how verdicts are counted, what is escaped, what it asks the network for."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from eagle_core.evaluation.completeness import NotJudged
from eagle_core.record_table import Record, to_frame
from eagle_core.records import Sample, Threshold
from eagle_core.report.page.card import card
from eagle_core.report.page.content import (
    Card,
    Page,
    PageTable,
    Picture,
    Scored,
    Slider,
    Verdict,
    outcomes_of,
)
from eagle_core.report.page.pictures import data_uri, heat_over
from eagle_core.report.page.plots import (
    CategoryScores,
    accuracy_bars,
    answers_against_scores,
    score_histograms,
)
from eagle_core.report.page.render import render
from eagle_core.report.page.tables import not_judged_tables

HOSTILE = '<script>alert("x")</script>'


@pytest.mark.parametrize(
    ("verdict", "expert", "label", "expected"),
    [
        (True, True, True, ("right",)),
        (True, False, True, ("right", "corrected")),
        (False, True, True, ("missed", "spoiled")),
        (False, False, True, ("missed",)),
        (True, False, False, ("false_alarm", "spoiled")),
        (True, None, False, ("false_alarm",)),
        (None, True, True, ("no_verdict", "spoiled")),
        (None, False, True, ("no_verdict",)),
        (True, True, None, ("unlabelled",)),
    ],
)
def test_how_a_verdict_counts(verdict, expert, label, expected):
    assert outcomes_of(verdict, expert, label) == expected


def test_a_picture_is_a_jpeg_of_the_same_size():
    uri = data_uri(Image.new("RGB", (40, 30), (200, 10, 10)))
    kind, _, content = uri.partition(",")
    assert kind == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        assert image.size == (40, 30) and image.format == "JPEG"


def test_heat_shows_where_values_are_and_leaves_the_rest_grey():
    values = np.zeros((30, 40), np.float32)
    values[:, 20:] = 2.0
    pixels = np.asarray(heat_over(Image.new("RGB", (40, 30), (90, 120, 150)), values, 2.0)).astype(int)
    assert (np.ptp(pixels[:, :18], axis=-1) == 0).all(), "grey"
    assert (np.ptp(pixels[:, 22:], axis=-1) > 30).all(), "coloured"


def page(**changes):
    verdict = Verdict("embedded/eagle", f"EAGLE {HOSTILE}", "defective", ("right",), 0.7)
    picture = Picture("image", data_uri(Image.new("RGB", (8, 8))))
    card = Card("d", HOSTILE, HOSTILE, HOSTILE, 1.0, 0.5, True, (picture,), (verdict,), (HOSTILE,), HOSTILE, (HOSTILE,))
    fields = {
        "title": HOSTILE, "lead": (HOSTILE,), "tables": (PageTable(HOSTILE, (HOSTILE,), ((HOSTILE,),), (HOSTILE,)),),
        "opening": (HOSTILE,), "sliders": (Slider("d", HOSTILE, 0.5, 1.0, (), (Scored(HOSTILE, 0.4, "image-1"),)),), "plots": (), "cards": (card,), "images": 1, "notes": (HOSTILE,), "provenance": ((HOSTILE, HOSTILE),),
        "command": HOSTILE, "params": HOSTILE,
    }  # fmt: skip
    return Page(**(fields | changes))


def test_every_text_is_escaped():
    html = render(page())
    assert HOSTILE not in html
    assert html.count("&lt;script&gt;") > 10


def record(method, mllm, **changes):
    own = {
        "dataset": "d", "category": "lid", "image_id": "a.png", "split": "test", "is_defective": True, "question_id": "defect",
        "question_type": "anomaly_detection", "method": method, "mllm": mllm, "status": "answered", "expert_score": 9.0, "tau": 2.0,
        "expert_verdict": True, "verdict_defective": True,
    }  # fmt: skip
    return Record(**own | changes)


THRESHOLD = Threshold(2.0, 3.0, "kappa_sigma", 1.0, 0.5, 1.9, 2.1, 0.1, (1.0,))
SAMPLE = Sample("d", "lid", "a.png", Path("a.png"), "test", is_defective=True, defect_kind="dent")


def test_a_card_says_disputed_where_a_real_models_verdict_and_the_score_cannot_both_be_right():
    """The score 9 lies above 3 + (3 - 1) = 5; a stand-in's word, and an agreeing one's, disputes nothing."""
    rows = to_frame([
        record("expert", "none", status="not_asked"), record("mllm", "real", verdict_defective=False),
        record("mllm", "embedded", verdict_defective=False), record("eagle", "real"),
    ])  # fmt: skip
    shown = card(SAMPLE, rows, (), THRESHOLD, stand_ins=("embedded",))
    [told] = shown.told
    assert told.startswith("DISPUTED: the MLLM says normal, but the score 9")
    outcomes = {verdict.who: verdict.outcomes for verdict in shown.verdicts}
    assert outcomes == {
        "none/expert": ("right",), "real/mllm": ("missed", "spoiled", "disputed"), "embedded/mllm": ("missed", "spoiled"), "real/eagle": ("right",),
    }  # fmt: skip
    html = render(page(cards=(shown,)))
    assert "DISPUTED: the MLLM says normal" in html and '<option value="disputed">disputed</option>' in html


def test_a_card_and_a_table_say_what_was_not_judged_and_why():
    apart = {"status": "not_judged", "error": "not judged: blank: no contrast", "expert_score": None, "expert_verdict": None, "verdict_defective": None}
    shown = card(SAMPLE, to_frame([record("expert", "none", **apart), record("mllm", "real", **apart)]), (), THRESHOLD)
    assert shown.told == ("NOT JUDGED: blank: no contrast",)
    assert {(verdict.says, verdict.outcomes) for verdict in shown.verdicts} == {("not judged", ("not_judged",))}
    images = [NotJudged("d", "lid", f"{number}.png", "blank") for number in range(60)]
    [table] = not_judged_tables(images)
    assert len(table.rows) == 50 and "10 more" in table.notes[0] and not_judged_tables([]) == []


def test_without_plots_there_is_no_plot_library():
    assert "plotly" not in render(page()).lower()


def test_scripts_and_styles_are_inside():
    bars = accuracy_bars(SUMMARY, "d")
    html = render(page(plots=(bars,)))
    assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="https?:', html)
    assert "Plotly" in html and "plot-bars-d" in html


SUMMARY = pd.DataFrame(
    {
        "dataset": "d", "mllm": ["none", "m"], "method": ["expert", "eagle"], "metric": "balanced_accuracy",
        "scope": "wood", "value": [0.8, 0.9], "low": [0.7, 0.8], "high": [0.9, 0.95],
    }
)  # fmt: skip


def test_plots_hold_the_numbers():
    assert '"y":[0.8]' in accuracy_bars(SUMMARY, "d").html.replace(" ", "")
    threshold = Threshold(2.0, 3.0, "kappa_sigma", 1.0, 0.5, 1.9, 2.1, 0.1, (1.0,))
    plot = score_histograms({"wood": CategoryScores([1.0], [1.5], [4.0], [], threshold)}, "d").html.replace(" ", "")
    assert '"x0":2.0,"x1":2.0' in plot and '"x0":3.0,"x1":3.0' in plot
    rows = pd.DataFrame({"category": ["wood"], "image_id": ["a"], "expert_score": [3.0], "tau": [2.0], "p_defect": [0.25]})
    plot = answers_against_scores(rows, ["missed"], "EAGLE", "k").html.replace(" ", "")
    assert '"x":[1.5]' in plot and '"y":[0.25]' in plot
