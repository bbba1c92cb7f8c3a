"""Answers files as they come: every form of the asked question, spreadsheets' and Windows' marks, and anything at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.data.mmad_questions import read_questions
from eagle_core.errors import DataError, EagleError
from eagle_core.mmad.answers_file import read_answers
from eagle_core.mmad.asked_text import asked_text
from eagle_core.mmad.scoring import score

GOOD, BAD = "DS-MVTec/nut/image/good/3.png", "DS-MVTec/nut/image/bent/7.png"
WORDS = "Is there any defect in the object?"
OPTIONS = {"A": "Yes.", "B": "No."}
LISTED = "A. Yes.\nB. No.\n"
FORMS = {
    "words": WORDS,
    "words and options": f"{WORDS} \n{LISTED}",
    "older scripts": {"type": "text", "text": f"Question 1: {WORDS} \n{LISTED}", "options": OPTIONS},
    "scripts": {"type": "text", "text": f"{WORDS} \n{LISTED}", "options": OPTIONS},
    "no options beside": {"type": "text", "text": f"Question 12: {WORDS} \n{LISTED}"},
    "the object as text": json.dumps({"type": "text", "text": f"{WORDS} \n{LISTED}", "options": OPTIONS}),
    "the object as Python prints it": str({"type": "text", "text": f"{WORDS} \n{LISTED}", "options": OPTIONS}),
    "one line": f"{WORDS} A. Yes. B. No.",
    "other spacing": f"  question 3:   {WORDS.lower()}\r\n\r\nA) Yes.\r\nB) No.",
}


def asked_file(folder: Path) -> Path:
    entry = {"Question": WORDS, "Options": OPTIONS, "type": "Anomaly Detection"}
    parts = [
        {"Question": f"What is part {n}?", "Options": {"A": "Bolt.", "B": "Nut.", "C": "Pin."}, "type": "Object Details", "Answer": "C"} for n in (1, 2)
    ]
    content = {GOOD: {"conversation": [entry | {"Answer": "B"}]}, BAD: {"conversation": [entry | {"Answer": "A"}, *parts]}}
    path = folder / "mmad.json"
    path.write_text(json.dumps(content))
    return path


def row(image: str, right: str, given: str, question: object = WORDS, kind: str = "Anomaly Detection") -> dict[str, object]:
    return {"image": image, "question": question, "question_type": kind, "correct_answer": right, "gpt_answer": given}


def written(folder: Path, rows: object) -> Path:
    path = folder / "answers.json"
    path.write_text(json.dumps(rows, indent=4))
    return path


@pytest.mark.parametrize("form", list(FORMS))
def test_every_form_is_found_in_the_questions_file_and_keeps_its_label(tmp_path, form):
    """The normal image right, the bent one wrong: (1 + 0) / 2; two questions about parts unanswered."""
    answers = read_answers(written(tmp_path, [row(GOOD, "B", "B", FORMS[form]), row(BAD, "A", "B", FORMS[form])]))
    assert [a.is_normal for a in answers] == [True, False]
    result = score(answers, questions=read_questions(asked_file(tmp_path)))
    assert result.rows["DS-MVTec"]["anomaly_detection"].value == 0.5
    assert (result.missing, result.questions, result.strangers, result.duplicates) == (2, 4, (), ())


@pytest.mark.parametrize("form", list(FORMS))
def test_two_forms_of_one_question_are_one_question(form):
    assert asked_text(FORMS[form]).key == asked_text(WORDS).key
    assert asked_text(FORMS[form]).options in ((), (("A", "Yes."), ("B", "No.")))


def test_rows_that_differ_in_type_are_never_one_question_asked_twice(tmp_path):
    """Without any text: the question about defects once, two about parts, the same one about defects again."""
    rows = [row(BAD, "A", "A"), row(BAD, "C", "C", kind="Object Details"), row(BAD, "C", "A", kind="Object Structure"), row(BAD, "A", "B")]
    for each in rows:
        del each["question"]
    result = score(read_answers(written(tmp_path, rows)))
    assert result.questions == 3
    assert len(result.duplicates) == 1 and "anomaly_detection" in result.duplicates[0]
    assert result.rows["DS-MVTec"]["object_analysis"].value == 0.5
    found = score(read_answers(written(tmp_path, rows)), questions=read_questions(asked_file(tmp_path)))
    assert (found.questions, found.missing) == (4, 1), "the good image was not answered; the parts are found by their order"


def test_the_same_words_under_two_types_are_two_questions(tmp_path):
    rows = [row(BAD, "A", "A"), row(BAD, "A", "B", kind="Defect Classification")]
    result = score(read_answers(written(tmp_path, rows)))
    assert (result.questions, result.duplicates) == (2, ())


def test_an_answer_to_no_question_of_the_file_is_told_and_not_counted(tmp_path):
    rows = [row(GOOD, "B", "B"), row(BAD, "A", "A", "Is it raining?")]
    result = score(read_answers(written(tmp_path, rows)), questions=read_questions(asked_file(tmp_path)))
    assert result.strangers == (f"{BAD}: Is it raining?",)
    assert (result.questions, result.missing) == (4, 3)
    assert result.rows["DS-MVTec"]["anomaly_detection"].value == 0.5, "the bent nut's question has no answer: wrong"


KINDS = {"A": "Scratch.", "B": "Hole.", "C": "Stain."}
OTHER_ORDERS = {
    "object": lambda options: {"type": "text", "text": "Question 1: What kind? \n", "options": options},
    "text": lambda options: "What kind?\n" + "\n".join(f"{letter}. {text}" for letter, text in options.items()),
    "both, of which the model read the text": lambda options: {"type": "text", "text": OTHER_ORDERS["text"](options), "options": KINDS},
    "list": lambda options: {"type": "text", "text": "What kind?", "options": list(options.values())},
    "small letters": lambda options: {"text": "What kind?", "options": {letter.lower(): text.strip(".").upper() for letter, text in options.items()}},
}


def kinds_file(folder: Path, *options: dict[str, str]) -> Path:
    """Of each question the hole is the right answer."""
    asked = [
        {"Question": "What kind?", "Options": each, "type": "Defect Classification", "Answer": next(k for k, v in each.items() if "Hole" in v)} for each in options
    ]
    path = folder / "mmad.json"
    path.write_text(json.dumps({BAD: {"conversation": asked}}))
    return path


@pytest.mark.parametrize("form", list(OTHER_ORDERS))
@pytest.mark.parametrize("right", ["C", "B", "Hole."], ids=["as asked", "as in the file", "in words"])
@pytest.mark.parametrize(("given", "value"), [("C", 1.0), ("B", 0.0), ("A", 0.0), ("C. Hole.", 1.0), ("<think>B</think>Answer: c", 1.0), ("B. Hole.", 0.0)])
def test_options_asked_in_another_order_are_scored_by_their_text(tmp_path, form, right, given, value):
    """Asked: Stain, Scratch, Hole; so C is the hole, whatever the letter is in the questions file."""
    asked = OTHER_ORDERS[form]({"A": "Stain.", "B": "Scratch.", "C": "Hole."})
    answers = read_answers(written(tmp_path, [row(BAD, right, given, asked, "Defect Classification")]))
    result = score(answers, questions=read_questions(kinds_file(tmp_path, KINDS)))
    assert result.rows["DS-MVTec"]["defect_classification"].value == value
    assert len(result.reordered) == 1 and "A: Stain" in result.reordered[0].replace("STAIN", "Stain")
    assert (result.missing, result.unscorable, result.disputed) == (0, (), ())


def test_answers_to_other_options_cannot_be_scored(tmp_path):
    """One question answered with its own options, one with others: the second counts as missing, thus as wrong."""
    second = {"A": "Hole.", "B": "Dent."}
    rows = [row(BAD, "B", "B", OTHER_ORDERS["object"](options), "Defect Classification") for options in (KINDS, {"A": "Dent.", "B": "Hole.", "C": "Stain."})]
    result = score(read_answers(written(tmp_path, rows)), questions=read_questions(kinds_file(tmp_path, KINDS, second)))
    assert len(result.unscorable) == 1 and "A: Dent., B: Hole., C: Stain. here, A: Hole., B: Dent. there" in result.unscorable[0]
    assert (result.questions, result.missing, result.reordered) == (2, 1, ())
    assert result.rows["DS-MVTec"]["defect_classification"].value == 0.5
    with pytest.raises(DataError, match="none of the answers can be scored: their options are others"):
        score(read_answers(written(tmp_path, rows[1:])), questions=read_questions(kinds_file(tmp_path, KINDS)))


def test_two_questions_of_the_same_words_are_told_apart_by_their_options(tmp_path):
    second = {"A": "Hole.", "B": "Dent."}
    rows = [row(BAD, "A", "A", OTHER_ORDERS["text"](second), "Defect Classification"), row(BAD, "B", "C", OTHER_ORDERS["text"](KINDS), "Defect Classification")]
    result = score(read_answers(written(tmp_path, rows)), questions=read_questions(kinds_file(tmp_path, KINDS, second)))
    assert (result.missing, result.reordered, result.unscorable, result.disputed) == (0, (), (), ())
    assert result.rows["DS-MVTec"]["defect_classification"].value == 0.5


def test_options_that_only_signs_tell_apart_are_told_apart(tmp_path):
    """Two texts that are the same words: "< 1 mm", "> 1 mm"."""
    filed, asked = {"A": "< 1 mm.", "B": "> 1 mm.", "C": "Hole."}, {"A": "> 1 mm.", "B": "< 1 mm.", "C": "Hole."}
    rows = [row(BAD, "C", "C", OTHER_ORDERS["object"](asked), "Defect Classification")]
    assert len(score(read_answers(written(tmp_path, rows)), questions=read_questions(kinds_file(tmp_path, filed))).reordered) == 1


def test_mmads_own_definition_compares_the_letters_as_they_stand(tmp_path):
    asked = OTHER_ORDERS["object"]({"A": "Stain.", "B": "Scratch.", "C": "Hole."})
    answers = read_answers(written(tmp_path, [row(BAD, "B", "B", asked, "Defect Classification")]))
    assert score(answers, "mmad_compat", read_questions(kinds_file(tmp_path, KINDS))).rows["DS-MVTec"]["defect_classification"].value == 1.0


def test_right_letters_that_disagree_are_told(tmp_path):
    result = score(read_answers(written(tmp_path, [row(GOOD, "A", "A")])), questions=read_questions(asked_file(tmp_path)))
    assert len(result.disputed) == 1 and "A here, B there" in result.disputed[0]


@pytest.mark.parametrize("right", ["B", "B.", "b)", " B ", "B. No.", "No", "No.", "no"])
def test_a_right_answer_is_found_however_it_was_written(tmp_path, right):
    [answer] = read_answers(written(tmp_path, [row(GOOD, right, "B", FORMS["scripts"])]))
    assert answer.correct == "B"
    assert score([answer]).rows["DS-MVTec"]["anomaly_detection"].value == 1.0


@pytest.mark.parametrize("right", ["Yes", "Perhaps", "AB", "F"])
def test_a_right_answer_that_names_no_option_is_an_error_that_names_the_row(tmp_path, right):
    path = written(tmp_path, [row(GOOD, "B", "B"), row(BAD, right, "A")])
    with pytest.raises(DataError, match="row 1: correct_answer") as error:
        read_answers(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("given", "letter"), [("B", "B"), ("B. No.", "B"), ("Answer: B", "B"), ("<think>A</think>B", "B"), ("no", "B"), ("A or B", None), ("hard to say", None), (None, None)]
)
def test_free_text_is_read_like_any_models(tmp_path, given, letter):
    [answer] = read_answers(written(tmp_path, [row(GOOD, "B", given, FORMS["scripts"])]))
    assert answer.letter == letter


def test_mmads_own_definition_still_takes_the_text_as_it_is(tmp_path):
    """Its script knows letters only: "B. No." is removed and the row after it skipped, so that of four rows two count."""
    rows = [row(GOOD, "B", "B. No."), row(GOOD, "B", "B", "again?"), row(BAD, "A", "A"), row(BAD, "A", "B", "again?")]
    answers = read_answers(written(tmp_path, rows))
    compat = score(answers, "mmad_compat")
    assert (compat.questions, compat.unparsed) == (2, 1)
    assert compat.rows["DS-MVTec"]["anomaly_detection"].value == 0.25, "normal 0 of 0 counts as 0, anomalous 1 of 2"
    assert score(answers).rows["DS-MVTec"]["anomaly_detection"].value == 0.75


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_from_windows_are_read(tmp_path, encoding):
    path = tmp_path / "answers.json"
    path.write_bytes(json.dumps([row(GOOD.replace("/", "\\"), "B", "B")]).encode(encoding))
    [answer] = read_answers(path)
    assert answer.image == GOOD and answer.is_normal


@pytest.mark.parametrize("kind", ["Anomaly Detection", "anomaly_detection", "anomaly detection", " Anomaly  Detection "])
def test_types_are_known_by_their_words(tmp_path, kind):
    [answer] = read_answers(written(tmp_path, [row(GOOD, "B", "B", kind=kind)]))
    assert answer.question_type == "anomaly_detection"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from([WORDS, "A", "B.", "Anomaly Detection", GOOD, LISTED]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "options", "A", "B", "image"]) | st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
FIELD_VALUES = st.fixed_dictionaries(
    {},
    optional={
        "image": st.sampled_from([GOOD, BAD, "a.png", "../../x", "d\\c\\f.png", "", "\ud800/b/c"]) | ANYTHING,
        "question": st.sampled_from(list(FORMS.values())) | ANYTHING,
        "question_type": st.sampled_from(["Anomaly Detection", "Object Details", "Riddle", ""]) | ANYTHING,
        "correct_answer": st.sampled_from(["A", "B", "B.", "Yes", ""]) | ANYTHING,
        "gpt_answer": st.sampled_from(["A", "B. No.", "", "\udcff"]) | ANYTHING,
        "normal": ANYTHING,
    },
)


@given(st.lists(FIELD_VALUES | ANYTHING, max_size=4) | ANYTHING)
def test_any_json_is_scored_or_an_error_that_names_the_file(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("fuzz")
    path = written(folder, content)
    try:
        answers = read_answers(path)
    except EagleError as error:
        assert str(path) in str(error)
        return
    result = score(answers, samples=10)
    counted = [a for n, a in enumerate(answers) if a.key not in {b.key for b in answers[:n]}]
    assert result.questions == len(counted)
    assert result.unparsed == sum(a.letter is None for a in counted)
    for name, mine in result.rows.items():
        assert all(0 <= each.value <= 1 for each in mine.values()), name
    assert all(text == text.encode("utf-8").decode("utf-8") for a in answers for text in (a.image, a.question, a.given))
    try:
        score(answers, questions=read_questions(asked_file(folder)), samples=10)
    except EagleError as error:
        assert "none of the answers" in str(error)


@given(st.binary(max_size=200), st.integers(0, 400), st.booleans())
def test_any_bytes_are_an_error_that_names_the_file(tmp_path_factory, noise, place, cut):
    """A whole file with bytes thrown in, or cut off anywhere."""
    path = tmp_path_factory.mktemp("bytes") / "answers.json"
    whole = json.dumps([row(GOOD, "B", "B", FORMS["scripts"]), row(BAD, "A", "A", FORMS["scripts"])]).encode()
    path.write_bytes(whole[:place] if cut else whole[:place] + noise + whole[place:])
    try:
        answers = read_answers(path)
    except EagleError as error:
        assert str(path) in str(error)
    else:
        assert {a.correct for a in answers} <= set("ABCDE")
