"""One's own folder: normal images to fit on, unlabelled ones to judge, and a name that people give to folders."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pandas as pd

CATEGORY = "lid & seal (left), größe 3"


def test_unlabelled_images_get_verdicts_pictures_and_mlflow_runs(new_project: Callable, small_data) -> None:  # type: ignore[no-untyped-def,type-arg]
    project = new_project()
    source = sorted(p for p in small_data.iterdir() if p.is_dir())[0]
    own = project.root / "data/line 3" / CATEGORY
    shutil.copytree(source / "train/good", own / "normal")
    (own / "unlabelled").mkdir()
    for kind in sorted((source / "test").iterdir()):
        image = sorted(kind.iterdir())[0]
        shutil.copyfile(image, own / "unlabelled" / f"{kind.name}.png")
    shown = project.eagle(
        "run", "--set", "datasets={small: null, line3: {format: folder, root: data/line 3}}", "--set", "methods=[expert, eagle]"
    ).stdout

    records = project.records()
    images = len(list((own / "unlabelled").iterdir()))
    assert len(records) == 2 * images
    assert records.is_defective.isna().all() and records.verdict_defective.notna().all()
    expert = records[records.method == "expert"]
    assert f"{int(expert.verdict_defective.sum())} of {images}" in shown
    assert "images without labels" in shown

    runs = {r.info.run_name: r for r in project.runs()}
    child = runs[f"line3/{CATEGORY} eagle (embedded)"]
    assert child.data.metrics["defective_count"] == records[records.method == "eagle"].verdict_defective.sum()
    assert "balanced_accuracy" not in child.data.metrics
    [folder] = [p for p in (project.root / "runs").iterdir() if p.is_dir()]
    for picture in ("scores.png", "contact_sheet.png"):
        assert (folder / "figures/line3" / CATEGORY / picture).is_file()
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "lid &amp; seal (left), größe 3" in page

    again = project.eagle("run", "--set", "datasets={small: null, line3: {format: folder, root: data/line 3}}", "--set", "methods=[expert, eagle]")
    assert "stages: 0 computed" in again.stdout and len(project.runs()) == len(runs)
    pd.testing.assert_frame_equal(records, project.records())


def test_a_run_without_its_only_mllm_is_one_line(new_project: Callable) -> None:  # type: ignore[type-arg]
    ended = new_project().eagle("run", "--set", "methods=[mllm]", "--set", "mllms.embedded.model=./nowhere", check=False)
    assert ended.returncode == 2
    [line] = [line for line in ended.stderr.splitlines() if line.startswith("error:")]
    assert "nothing can be run" in line and "no folder nowhere" in line
