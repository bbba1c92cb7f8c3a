"""Real photographs from one installed package, ImageNet weights from another: fetch, run, and what the user then sees."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

PROJECT = Path(__file__).parents[2]
TRAIN, TEST = 24, 6


@pytest.fixture(scope="module")
def solar(tmp_path_factory: pytest.TempPathFactory, project_at):  # type: ignore[no-untyped-def]
    """The project's own params.yaml, a few images of each category, one run."""
    root = tmp_path_factory.mktemp("solar")
    shutil.copyfile(PROJECT / "params.yaml", root / "params.yaml")
    project = project_at(root)
    fetched = project.eagle("data", "fetch", "elpv", "--train", str(TRAIN), "--test", str(TEST)).stdout
    assert "CC BY-NC-SA 4.0" in fetched
    return project, project.eagle("run", "--profile", "solar").stdout


def test_the_run_judges_every_photograph_with_packaged_weights(solar) -> None:  # type: ignore[no-untyped-def]
    project, shown = solar
    records = project.records()
    assert len(records) == 2 * 2 * TEST and records.verdict_defective.notna().all()
    assert set(records.category) == {"mono", "poly"}
    scores = records.set_index("is_defective").expert_score
    assert scores[True].median() > scores[False].median()
    assert "elpv" in shown
    [parent] = [r for r in project.runs() if "mlflow.parentRunId" not in r.data.tags]
    assert parent.data.params["expert.backbone.name"] == "tf_efficientnet_lite0"
    assert parent.data.params["expert.backbone.weights"] == "packaged"
    assert any("elpv" in key and "dvc" in key for key in (*parent.data.tags, *parent.data.params))


def test_its_page_shows_the_photographs(solar) -> None:  # type: ignore[no-untyped-def]
    project, _ = solar
    [page] = (project.root / "runs").glob("*/report.html")
    text = page.read_text(encoding="utf-8")
    assert "elpv" in text and "mono" in text and "poly" in text


def test_doubtful_cells_are_no_part_of_the_run(solar) -> None:  # type: ignore[no-untyped-def]
    project, _ = solar
    assert isinstance(project.records(), pd.DataFrame)
    doubtful = {p.name for p in (project.root / "data/elpv_doubtful").rglob("*.png")}
    assert len(doubtful) == 401
    assert not doubtful & {Path(i).name for i in project.records().image_id}
