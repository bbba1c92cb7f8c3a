"""mmad.json: read, written, refused; the real sample where it is at hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.data.mmad_questions import LETTERS, AskedImage, read_questions, write_questions
from eagle_core.data.question_types import TITLES
from eagle_core.errors import DataError
from eagle_core.mmad.audit import audit
from eagle_core.mmad.published import COUNTS, QUESTIONS
from eagle_core.records import Question

texts = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12).filter(str.strip)


@st.composite
def questions(draw, number: int):
    words = draw(st.lists(texts, min_size=2, max_size=5, unique=True))
    letters = LETTERS[: len(words)]
    name = f"D/c/test/bad/{number}.png"
    return AskedImage(
        name,
        (Question(f"{name}#0", draw(st.sampled_from(list(TITLES))), draw(texts), tuple(zip(letters, words, strict=True)), draw(st.sampled_from(letters))),),
        ("D/c/train/good/1.png",),
    )


@given(st.data())
def test_what_is_written_is_read_again(tmp_path_factory, data):
    images = tuple(data.draw(questions(n)) for n in range(3))
    path = tmp_path_factory.mktemp("mmad") / "mmad.json"
    write_questions(images, path)
    found = read_questions(path)
    assert found.images == images and not found.faults


ODD_TEXTS = ("a\rb", "a\r\nb", "\ra", "a\n", "a\u2028b", "a\x85b", "\x00a", "\ufeffa")


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_line_ends_and_other_odd_characters_are_kept(tmp_path, text):
    options = (("A", text), ("B", text + "b"))
    image = AskedImage("D/c/test/bad/0.png", (Question("D/c/test/bad/0.png#0", "anomaly_detection", text, options, "A"),), ("D/c/train/good/1.png",))
    write_questions([image], tmp_path / "mmad.json")
    assert read_questions(tmp_path / "mmad.json").images == (image,)


@pytest.mark.parametrize(("text", "said"), [("\r", "question D/c/test/bad/0.png#0 is blank"), ("a\ud800", "lone surrogate")])
def test_what_would_not_be_read_again_is_not_written(tmp_path, text, said):
    question = Question("D/c/test/bad/0.png#0", "anomaly_detection", text, (("A", "Yes."), ("B", "No.")), "A")
    with pytest.raises(DataError, match=said):
        write_questions([AskedImage("D/c/test/bad/0.png", (question,))], tmp_path / "mmad.json")
    assert list(tmp_path.iterdir()) == []


def entry(**changes):
    asked = {"Question": "Where?", "Answer": "B", "Options": {"A": "Left.", "B": "Right."}, "type": "Defect Localization"} | changes
    return {"DS-MVTec/bottle/image/bad/0.png": {"conversation": [asked]}}


def write(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "mmad.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_options_are_relettered_in_the_files_order(tmp_path):
    [image] = read_questions(write(tmp_path, entry(Options={"D": "Left.", "B": "Right."}))).images
    [question] = image.questions
    assert question.options == (("A", "Left."), ("B", "Right.")) and question.correct_letter == "B"
    assert (image.dataset, image.category, image.is_normal) == ("DS-MVTec", "bottle", False)


@pytest.mark.parametrize("changes", [{"Answer": "E"}, {"type": "Riddle"}, {"Options": None}, {"Options": {str(n): str(n) for n in range(6)}, "Answer": "0"}])
def test_a_question_that_makes_no_sense_is_left_out_and_told(tmp_path, changes):
    found = read_questions(write(tmp_path, entry(**changes)))
    assert found.count == 0
    assert len(found.faults) == 1 and "question 0" in found.faults[0]


@pytest.mark.parametrize(("content", "said"), [("{", "not valid JSON"), ("[]", "expected a JSON object"), ({"a.png": {}}, "not an entry of MMAD")])
def test_a_wrong_file_is_one_clear_error(tmp_path, content, said):
    path = write(tmp_path, content)
    with pytest.raises(DataError, match=said) as error:
        read_questions(path)
    assert str(path) in str(error.value)


def test_published_counts_add_up():
    assert sum(sum(counts.values()) for counts in COUNTS.values()) == QUESTIONS


def test_the_audit_names_what_is_absent_and_what_was_mixed_up(tmp_path):
    names = ["DS-MVTec/pill/image/good/0.png", "DS-MVTec/nut/image/good/0.png", "DS-MVTec/pill/image/bad/1.png"]
    question = Question("q", "anomaly_detection", "Any?", (("A", "Yes."), ("B", "No.")), "A")
    write_questions([AskedImage(n, (question,), ("MVTec-AD/pill/train/good/0.png",)) for n in names], tmp_path / "mmad.json")
    for name in names[:2]:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"the same picture")
    found = audit(read_questions(tmp_path / "mmad.json"), tmp_path)
    assert found.missing_queries == (names[2],)
    assert found.missing_templates == ("MVTec-AD/pill/train/good/0.png",)
    assert found.same_content == ((names[0], names[1]),)
    assert ("DS-MVTec", "Anomaly Detection", 3, 1691) in found.counts


@pytest.mark.real_data
def test_the_real_sample_is_read_whole(real_data):
    path = real_data / "mmad" / "DS-MVTec-small.json"
    found = read_questions(path)
    raw = json.loads(path.read_text())
    assert not found.faults
    assert found.count == sum(len(entry["conversation"]) for entry in raw.values())
    kinds = Counter(q.question_type for image in found.images for q in image.questions)
    assert kinds == Counter(
        {v: k for k, v in TITLES.items()}.get(asked["type"], "object_analysis") for e in raw.values() for asked in e["conversation"]
    )
    for image in found.images:
        for question, asked in zip(image.questions, raw[image.path]["conversation"], strict=True):
            assert dict(question.options)[question.correct_letter] == asked["Options"][asked["Answer"]]
    checked = audit(found, path.parent)
    assert len(checked.missing_queries) == len(found.images), "the sample comes without images: counted, nothing invented"


@pytest.mark.parametrize("right", ["B", "B.", "b", "(B)", "No", "No.", "no", "B. No."])
def test_the_right_answer_is_a_letter_however_it_was_written(tmp_path, right):  # type: ignore[no-untyped-def]
    entry = {"conversation": [{"Question": "Is there any defect?", "Answer": right, "Options": {"A": "Yes.", "B": "No."}, "type": "Anomaly Detection"}]}
    path = write(tmp_path, {"DS-MVTec\\cup\\image\\good\\0.png": entry})
    read = read_questions(path)
    assert read.faults == () and read.images[0].questions[0].correct_letter == "B"
    assert read.images[0].path == "DS-MVTec/cup/image/good/0.png" and read.images[0].is_normal


@pytest.mark.parametrize("right", ["C", "Maybe", "", None, "A. No."])
def test_a_right_answer_that_is_no_option_is_told(tmp_path, right):  # type: ignore[no-untyped-def]
    entry = {"conversation": [{"Question": "Is there any defect?", "Answer": right, "Options": {"A": "Yes.", "B": "No."}, "type": "Anomaly Detection"}]}
    read = read_questions(write(tmp_path, {"a/b/c.png": entry}))
    assert len(read.faults) == 1 and read.count == 0
