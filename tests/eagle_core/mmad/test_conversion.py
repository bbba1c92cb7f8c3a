"""From records to an answers file and to scores: paths, labels and questions are found again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eagle_core.data.mmad_questions import AskedImage, QuestionSet
from eagle_core.errors import DataError
from eagle_core.mmad.answers_file import GivenAnswer, read_answers, write_answers
from eagle_core.mmad.conversion import answers_from, records_from
from eagle_core.mmad.scoring import score
from eagle_core.record_table import Record, to_frame
from eagle_core.records import Question

YES_NO = (("A", "Yes."), ("B", "No."))


def record(**fields: object) -> Record:
    own = {
        "dataset": "line", "category": "lid", "image_id": "lid/normal_test/1.png", "split": "test", "is_defective": False,
        "question_id": "line/lid/normal_test/1.png#0", "question_type": "anomaly_detection", "method": "mllm",
        "status": "answered", "mllm": "m", "answer_letter": "B", "correct_letter": "B",
    }  # fmt: skip
    return Record(**own | fields)


def test_a_free_answer_keeps_its_line_ends_and_half_a_character_is_refused(tmp_path):
    text = "hard\rto say,\r\nreally"
    written = GivenAnswer("D/c/good/0.png", "q", "anomaly_detection", "A", text)
    write_answers([written], tmp_path / "a.json")
    [read] = read_answers(tmp_path / "a.json")
    assert read.given == text and read.letter is None
    [back] = answers_from(to_frame(records_from([read], "m")), "m", "mllm")
    assert back.given == text
    with pytest.raises(DataError, match="lone surrogate"):
        write_answers([replace(written, given="\udc80")], tmp_path / "a.json")


def test_answers_to_a_questions_file_are_found_in_it_again(tmp_path):
    image = "DS-MVTec/nut/image/good/7.png"
    asked = QuestionSet((AskedImage(image, (Question(f"{image}#0", "anomaly_detection", "Any defect?", YES_NO, "B"),), (), (), None),), ())
    own = record(dataset="mine", image_id=image, question_id=f"{image}#0")
    write_answers(answers_from(to_frame([own]), "m", "mllm"), tmp_path / "a.json")
    [answer] = read_answers(tmp_path / "a.json")
    assert answer.image == image
    result = score([answer], questions=asked)
    assert (result.missing, result.questions) == (0, 1)
    with pytest.raises(DataError, match="none of the answers"):
        score([replace(answer, image="DS-MVTec/nut/image/good/8.png")], questions=asked)


def test_labels_that_paths_do_not_tell_survive(tmp_path):
    rows = [record(), record(image_id="lid/defective/2.png", question_id="defect", is_defective=True, correct_letter="A")]
    write_answers(answers_from(to_frame(rows), "m", "mllm"), tmp_path / "a.json")
    read = read_answers(tmp_path / "a.json")
    assert [a.is_normal for a in read] == [True, False]
    assert score(read).rows["line"]["anomaly_detection"].value == pytest.approx(0.5)
    assert [r.is_defective for r in records_from(read, "m")] == [False, True]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[]", "empty list"),
        ('[{"image": "a.png", "question_type": "Anomaly Detection", "correct_answer": "A", "gpt_answer": "A"}]', "no path of dataset"),
        ('[{"image": "", "question_type": "Anomaly Detection", "correct_answer": "A", "gpt_answer": "A"}]', "image must be text"),
        ('[{"image": "d/c/a.png", "question_type": ["x"], "correct_answer": "A", "gpt_answer": "A"}]', "question_type must be text"),
        ('[{"image": "d/c/a.png", "question_type": "Anomaly Detection", "correct_answer": null, "gpt_answer": "A"}]', "correct_answer must be text"),
    ],
)
def test_a_faulty_answers_file_is_named(tmp_path, content, words):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(DataError, match=words):
        read_answers(tmp_path / "a.json")


def test_a_folder_is_no_answers_file(tmp_path):
    with pytest.raises(DataError, match="is a folder"):
        write_answers([GivenAnswer("d/c/good/1.png", "q", "anomaly_detection", "A", "A")], tmp_path)
