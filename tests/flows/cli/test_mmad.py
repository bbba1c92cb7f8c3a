"""``eagle mmad`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eagle_core.mmad.answers_file import read_answers
from eagle_core.record_table import read_records
from flows.cli.mmad import app

ROWS = [
    ("DS-MVTec/bottle/image/good/0.png", "Anomaly Detection", "B", "B"),
    ("DS-MVTec/bottle/image/bad/0.png", "Anomaly Detection", "A", "B"),
    ("DS-MVTec/bottle/image/bad/0.png", "Object Details", "C", "C"),
    ("DS-MVTec/bottle/image/bad/1.png", "Anomaly Detection", "A", "hard to say"),
]


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.json"
    rows = [
        {"image": image, "question": f"q{n}", "question_type": kind, "correct_answer": correct, "gpt_answer": given}
        for n, (image, kind, correct, given) in enumerate(ROWS)
    ]
    path.write_text(json.dumps(rows))
    return path


def call(*arguments: str):
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "220"})


def test_scores_are_printed(answers):
    """Normal 1 of 1, anomalous 0 of 2: 50; the other type 1 of 1: 100; average 75."""
    done = call("score", str(answers))
    assert done.exit_code == 0
    row = next(line for line in done.stdout.splitlines() if "DS-MVTec" in line)
    assert "50.0" in row and "100.0" in row and "75.0" in row
    assert "4 questions; 1 answer unparsed, 0 missing" in done.stdout


def test_the_old_definition_and_published_numbers(answers):
    done = call("score", str(answers), "--definition", "mmad_compat", "--published")
    assert "mmad_compat" in done.stdout and "Qwen2.5-VL-7B" in done.stdout


def test_options_in_another_order_or_other_ones_are_told(tmp_path):
    def asked(*texts: str) -> dict[str, str]:
        return dict(zip("ABC", texts, strict=False))

    def entry(kind: str, options: dict[str, str]) -> dict[str, object]:
        return {"Question": f"Which {kind}?", "Answer": "B", "type": kind, "Options": options}

    bad = "DS-MVTec/bottle/image/bad/0.png"
    kinds = [("Defect Classification", asked("Scratch.", "Hole.")), ("Defect Localization", asked("Top.", "Left.")), ("Defect Analysis", asked("Leaks.", "Nothing."))]
    (tmp_path / "mmad.json").write_text(json.dumps({bad: {"conversation": [entry(*each) for each in kinds]}}))
    shown = [asked("Hole.", "Scratch."), asked("Top.", "Right."), asked("Leaks.", "Nothing.")]
    rows = [
        {"image": bad, "question": {"text": f"Which {kind}?", "options": options}, "question_type": kind, "correct_answer": right, "gpt_answer": given}
        for (kind, _), options, right, given in zip(kinds, shown, "ABB", "ABB", strict=True)
    ]
    (tmp_path / "answers.json").write_text(json.dumps(rows))
    done = call("score", str(tmp_path / "answers.json"), "--questions", str(tmp_path / "mmad.json"))
    assert "3 questions; 0 answers unparsed, 1 missing" in done.stdout
    assert "options in another order than in the questions file: 1 answer, scored by the option's text" in done.stdout
    assert f"{bad}: Which Defect Classification? (A: Hole., B: Scratch. here, A: Scratch., B: Hole. there)" in done.stdout
    assert "1 answer unscorable: other options were asked than the questions file holds" in done.stdout and "B: Right. here" in done.stdout
    line = next(line for line in done.stdout.splitlines() if "DS-MVTec" in line)
    assert [cell.split("[")[0].strip() for cell in line.split("│")[2:6]] == ["100.0", "0.0", "100.0", "66.7"]


def test_import_and_export_keep_every_answer(answers, tmp_path):
    records, again = tmp_path / "r.parquet", tmp_path / "again.json"
    assert call("import", str(answers), "--out", str(records), "--mllm", "gpt").exit_code == 0
    table = read_records(records)
    assert table["verdict_defective"].tolist()[:2] == [False, False]
    assert table["status"].tolist() == ["answered", "answered", "answered", "unparsed"]
    assert call("export", str(records), "--out", str(again), "--mllm", "gpt").exit_code == 0
    assert [(a.image, a.correct, a.given) for a in read_answers(again)] == [(i, c, g) for i, _, c, g in ROWS]


def test_a_check_with_findings_has_exit_code_one(tmp_path):
    path = tmp_path / "mmad.json"
    path.write_text(json.dumps({"DS-MVTec/a/b/c.png": {"conversation": []}}))
    done = call("check", str(path))
    assert done.exit_code == 1 and "query images missing: 1" in done.stdout


def test_a_question_without_options_is_named_and_not_counted(tmp_path):
    def entry(*questions):
        return {"conversation": [{"Question": text, "Answer": "A", "type": "Anomaly Detection", **more} for text, more in questions]}

    both = {"Options": {"A": "Yes.", "B": "No."}}
    content = {"DS-MVTec/a/image/bad/0.png": entry(("Is it broken?", both)), "DS-MVTec/a/image/bad/1.png": entry(("Is it broken?", {}))}
    (tmp_path / "mmad.json").write_text(json.dumps(content))
    rows = [{"image": image, "question": "Is it broken?", "question_type": "Anomaly Detection", "correct_answer": "A", "gpt_answer": "A"} for image in content]
    (tmp_path / "answers.json").write_text(json.dumps(rows))
    done = call("score", str(tmp_path / "answers.json"), "--questions", str(tmp_path / "mmad.json"))
    assert done.exit_code == 0 and "1 question; 0 answers unparsed, 0 missing" in done.stdout
    [told] = [line for line in done.stdout.splitlines() if line.startswith("not a question that can be asked")]
    assert "bad/1.png" in told
