"""All seven question types of MMAD asked of a small generated data set, by the MLLM, EAGLE, Echo and both."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pandas as pd
import pytest

from eagle_core.data.question_types import TITLES
from eagle_core.mmad.answers_file import read_answers
from eagle_core.mmad.scoring import score
from flows.cli.options import PARTIAL

ASK = (
    "--set", "methods=[mllm, eagle, echo, eagle_echo]", "--set", "explanation.when=never",
    "--set", f"questions.types=[{', '.join(TITLES)}]",
)  # fmt: skip


@pytest.fixture(scope="module")
def asked(new_project: Callable):  # type: ignore[no-untyped-def,type-arg]
    project = new_project()
    return project, project.eagle("run", *ASK).stdout


def test_every_type_is_asked_by_every_method(asked: tuple) -> None:  # type: ignore[type-arg]
    records = asked[0].records()
    counts = records.groupby(["method", "question_type"]).size().unstack()
    assert set(counts.columns) == set(TITLES) and len(counts) == 4
    assert (counts == counts.iloc[0]).all(axis=None)
    defective = int(records.drop_duplicates(["category", "image_id"])["is_defective"].sum())
    assert counts["defect_localization"].iloc[0] == defective
    assert records["correct_letter"].notna().all() and (records["status"] == "answered").all()


def test_the_average_is_the_mmad_score_of_the_exported_answers(asked: tuple, tmp_path) -> None:  # type: ignore[type-arg,no-untyped-def]
    project, output = asked
    [folder] = [p.parent for p in (project.root / "runs").glob("*/records.parquet")]
    summary = pd.DataFrame(json.loads((folder / "summary.json").read_text())["summary"])
    for method in ("mllm", "eagle_echo"):
        project.eagle("mmad", "export", str(folder / "records.parquet"), "--out", str(tmp_path / "a.json"), "--method", method)
        expected = score(read_answers(tmp_path / "a.json")).rows["small"]
        mine = summary[summary["method"] == method].set_index("metric")["value"]
        assert {kind: mine[f"question_accuracy_{kind}"] for kind in expected} == pytest.approx(
            {kind: found.value for kind, found in expected.items()}
        )
    assert "accuracy by question type" in output and "guessing" in output


def test_asked_again_nothing_is_asked(asked: tuple) -> None:  # type: ignore[type-arg]
    project, _ = asked
    before = project.entries("answer")
    again = project.eagle("run", *ASK)
    assert project.entries("answer") == before
    assert "0 computed" in again.stdout


def test_the_yes_no_answers_are_those_of_a_run_that_asks_nothing_else(asked: tuple, finished) -> None:  # type: ignore[type-arg,no-untyped-def]
    """Asked beside six other questions about the same images, from a shared prefix: equal within 1e-5."""
    keys = ["category", "image_id"]
    for method in ("mllm", "eagle"):
        alone, among = (
            r[(r["method"] == method) & (r["question_type"] == "anomaly_detection")].set_index(keys)[["p_defect", "verdict_defective"]]
            for r in (finished.records(), asked[0].records())
        )
        both = alone.join(among.add_suffix("_among"))
        assert len(both) == len(alone) == len(among)
        assert (both["p_defect"] - both["p_defect_among"]).abs().max() < 1e-5
        assert (both["verdict_defective"] == both["verdict_defective_among"]).all()


def test_exported_questions_are_the_same_questions(asked: tuple, tmp_path) -> None:  # type: ignore[type-arg,no-untyped-def]
    """Read back and asked again, every answer is in the store."""
    project, _ = asked
    file = tmp_path / "mmad.json"
    shown = project.eagle("data", "questions", "--profile", "demo", "--out", str(file), *ASK[2:]).stdout
    entries = json.loads(file.read_text())
    mine = project.records().query("method == 'mllm'")
    assert len(entries) == mine["image_id"].nunique() and f"{len(mine)} questions" in shown
    rights = [q["Answer"] for image_id in entries for q in entries[image_id]["conversation"]]
    assert sorted(rights) == sorted(mine["correct_letter"])
    before = project.entries("answer")
    project.eagle("run", *ASK, "--set", f"questions.file={file}", "--set", "run.output_dir=runs_of_file")
    assert project.entries("answer") == before


def test_mmads_layout_is_asked_the_same_and_an_absent_image_is_counted(asked: tuple, small_data, tmp_path) -> None:  # type: ignore[type-arg,no-untyped-def]
    """The same images in the form of one of MMAD's datasets, one of them missing: all other answers are in the store."""
    project, _ = asked
    project.eagle("data", "questions", "--profile", "demo", "--out", str(tmp_path / "small.json"), *ASK[2:])
    shutil.copytree(small_data, tmp_path / "Made")
    entries = {
        name.replace("small/", "Made/", 1): entry | {
            "random_templates": [f"Made/{p.relative_to(small_data)}" for p in sorted((small_data / name.split("/")[1] / "train/good").iterdir())]
        }
        for name, entry in json.loads((tmp_path / "small.json").read_text()).items()
    }  # fmt: skip
    (tmp_path / "mmad.json").write_text(json.dumps(entries))
    gone = next(name for name in entries if "/good/" not in name)
    (tmp_path / gone).unlink()
    before = project.entries("answer")
    ended = project.eagle(
        "run", *ASK, "--set", "methods=[mllm]", "--set", "run.output_dir=runs_of_mmad",
        "--set", f"datasets={{small: null, made: {{format: mmad, root: {tmp_path}/Made}}}}",
        check=False,
    )  # fmt: skip
    assert ended.returncode == PARTIAL
    assert project.entries("answer") == before
    [file] = (project.root / "runs_of_mmad").glob("*/records.parquet")
    made, small = pd.read_parquet(file), project.records().query("method == 'mllm'")
    absent = made["image_id"] == gone
    assert set(made[absent]["status"]) == {"failed"} and absent.sum() == len(entries[gone]["conversation"])
    keys = ["image_id", "question_type"]
    there = made[~absent].assign(image_id=made["image_id"].str.removeprefix("Made/")).set_index(keys)["answer_letter"]
    assert there.sort_index().to_dict() == small[small["image_id"] != gone.removeprefix("Made/")].set_index(keys)["answer_letter"].sort_index().to_dict()
