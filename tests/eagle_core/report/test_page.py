"""The page's parts without a browser: how verdicts are counted, what is escaped, what it asks the network for."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from eagle_core.records import Threshold
from eagle_core.report.page.content import Card, Page, PageTable, Picture, Verdict, outcomes_of
from eagle_core.report.page.pictures import data_uri, heat_over
from eagle_core.report.page.plots import (
    CategoryScores,
    accuracy_bars,
    answers_against_scores,
    score_histograms,
)
from eagle_core.report.page.render import render

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
    card = Card("d", HOSTILE, HOSTILE, HOSTILE, 1.0, 0.5, True, (picture,), (verdict,), HOSTILE, (HOSTILE,))
    fields = {
        "title": HOSTILE, "lead": (HOSTILE,), "tables": (PageTable(HOSTILE, (HOSTILE,), ((HOSTILE,),), (HOSTILE,)),),
        "plots": (), "cards": (card,), "images": 1, "notes": (HOSTILE,), "provenance": ((HOSTILE, HOSTILE),),
        "command": HOSTILE, "params": HOSTILE,
    }  # fmt: skip
    return Page(**(fields | changes))


def test_every_text_is_escaped():
    html = render(page())
    assert HOSTILE not in html
    assert html.count("&lt;script&gt;") > 10


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
