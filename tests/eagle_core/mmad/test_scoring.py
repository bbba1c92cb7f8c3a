"""Both definitions against independent computations: pandas for one, a literal walk through the list for the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.data.mmad_questions import AskedImage, QuestionSet
from eagle_core.mmad.answers_file import GivenAnswer
from eagle_core.mmad.scoring import AVERAGE, MEAN_OF_DATASETS, score
from eagle_core.records import Question

IMAGES = {
    "DS-MVTec": ("DS-MVTec/bottle/image/good/000.png", "DS-MVTec/bottle/image/broken/000.png", "DS-MVTec/nut/image/good/7.png"),
    "VisA": ("VisA/candle/test/good/1.JPG", "VisA/candle/test/bad/1.JPG"),
}
KINDS = ("anomaly_detection", "defect_classification", "object_analysis")


def answer(image: str, kind: str, correct: str, given: str, question: str) -> GivenAnswer:
    return GivenAnswer(image, question, kind, correct, given)


@st.composite
def files(draw):
    """Answers of every dataset and type, with unparsed ones; each question once."""
    rows = []
    for images in IMAGES.values():
        for kind in KINDS:
            for image in images:
                for number in range(draw(st.integers(1, 3))):
                    given = draw(st.sampled_from(["A", "B", "C", "I see a scratch", ""]))
                    rows.append(answer(image, kind, draw(st.sampled_from("AB")), given, f"{kind}-{number}"))
    return draw(st.permutations(rows))


@given(files())
def test_mmad_equals_pandas(rows):
    table = pd.DataFrame([{"d": r.image.split("/")[0], "n": "/good/" in r.image, "k": r.question_type, "ok": r.given == r.correct} for r in rows])
    expected = table[table.k != KINDS[0]].groupby(["d", "k"]).ok.mean().unstack()
    expected[KINDS[0]] = table[table.k == KINDS[0]].groupby(["d", "n"]).ok.mean().unstack().mean(axis=1)
    expected[AVERAGE] = expected.mean(axis=1)
    expected.loc[MEAN_OF_DATASETS] = expected.mean(axis=0)
    result = score(rows, samples=20)
    for name, row in result.rows.items():
        assert {k: v.value for k, v in row.items()} == pytest.approx(expected.loc[name].to_dict())
        assert all(s.low <= s.value + 1e-9 and s.value <= s.high + 1e-9 or s.low <= s.high for s in row.values())
    assert result.unparsed == sum(r.given not in "ABCDE" or r.given == "" for r in rows)
    assert result.questions == len(rows)


@given(files())
def test_compat_skips_what_follows_an_unparsed_answer(rows):
    """Walk by index, as a shrinking list is walked: after a removal the next row is never looked at."""
    kept, skip = [], False
    for row in rows:
        if skip:
            skip = False
            continue
        if row.given in set("ABCDE"):
            kept.append(row)
        else:
            skip = True
    result = score(rows, "mmad_compat")
    assert result.questions == len(kept)
    for dataset in IMAGES:
        for kind in KINDS[1:]:
            mine = [r.given == r.correct for r in kept if r.image.startswith(dataset) and r.question_type == kind]
            assert result.rows[dataset][kind].value == pytest.approx(np.mean(mine) if mine else 0.0)


def test_a_table_worked_out_by_hand():
    """Normal 1 of 2, anomalous 1 of 1: (0.5 + 1) / 2; classification 0 of 1; average (0.75 + 0) / 2."""
    good, bad, nut = IMAGES["DS-MVTec"]
    rows = [
        answer(good, "anomaly_detection", "B", "B", "q"),
        answer(nut, "anomaly_detection", "B", "A", "q"),
        answer(bad, "anomaly_detection", "A", "A", "q"),
        answer(bad, "defect_classification", "C", "D", "r"),
    ]
    row = score(rows).rows["DS-MVTec"]
    assert (row["anomaly_detection"].value, row["defect_classification"].value, row[AVERAGE].value) == (0.75, 0.0, 0.375)


def test_missing_answers_are_wrong_duplicates_are_told_and_guessing_is_known():
    good, bad, _ = IMAGES["DS-MVTec"]
    yes_no = Question("q", "anomaly_detection", "q", (("A", "Yes."), ("B", "No.")), "A")
    four = Question("r", "defect_classification", "r", tuple((letter, letter) for letter in "ABCD"), "C")
    questions = QuestionSet((AskedImage(good, (yes_no,)), AskedImage(bad, (yes_no, four))), ())
    rows = [answer(bad, "anomaly_detection", "A", "A", "q"), answer(bad, "anomaly_detection", "A", "B", "q")]
    result = score(rows, questions=questions)
    assert result.missing == 2 and result.questions == 3
    assert result.duplicates == (f"{bad}: q",)
    assert result.rows["DS-MVTec"]["anomaly_detection"].value == 0.5, "the normal image was not answered"
    assert result.rows["DS-MVTec"]["defect_classification"].value == 0.0
    assert result.chance["DS-MVTec"]["anomaly_detection"].value == 0.5
    assert result.chance["DS-MVTec"]["defect_classification"].value == 0.25


def test_intervals_hold_the_share_they_promise():
    """50 right of 100: the binomial's central 95 % is 0.40 to 0.60."""
    rows = [answer("VisA/candle/test/bad/1.JPG", "defect_analysis", "A", "A" if n < 50 else "B", str(n)) for n in range(100)]
    found = score(rows, samples=4000).rows["VisA"]["defect_analysis"]
    assert found.value == 0.5
    assert found.low == pytest.approx(0.40, abs=0.02) and found.high == pytest.approx(0.60, abs=0.02)
