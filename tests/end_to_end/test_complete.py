"""A run says last what is missing, and its exit code says whether anything is. Images of one's own: the demo's, turned."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image


@pytest.fixture
def own(new_project: Callable, small_data) -> Callable[[], tuple[object, Path]]:  # type: ignore[no-untyped-def,type-arg]
    """A project with one category of one's own: normal photographs only, which are no image of the demo."""

    def make() -> tuple[object, Path]:
        project = new_project()
        folder = project.root / "data/line/lid"
        (folder / "normal").mkdir(parents=True)
        source = sorted(p for p in small_data.iterdir() if p.is_dir())[0]
        for path in sorted((source / "train/good").iterdir()):
            with Image.open(path) as image:
                image.rotate(180).save(folder / "normal" / path.name)
        return project, folder

    return make


LINE = "datasets={small: null, line: {format: folder, root: data/line}}"


def test_with_normal_photographs_only_the_limit_is_shown_and_the_printed_command_judges_by_it(own) -> None:  # type: ignore[no-untyped-def]
    project, folder = own()
    done = project.eagle("run", "--set", LINE, check=False)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "fitted on normal images only" in done.stdout
    assert done.stdout.rstrip().splitlines()[-1].startswith("missing: no test image in line/lid")
    [run] = [p for p in (project.root / "runs").iterdir() if p.is_dir()]
    described = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    [limit] = described["fitted"]
    assert limit["category"] == "lid" and limit["images"] == len(list((folder / "normal").iterdir()))
    page = (run / "report.html").read_text(encoding="utf-8")
    assert f"{limit['tau']:.3g}" in page and "lid" in page
    [printed] = [line for line in done.stdout.splitlines() if "eagle inspect IMAGE" in line]
    words = shlex.split(printed.partition("eagle ")[2].replace("IMAGE", str(sorted((folder / "normal").iterdir())[0])))
    judged = project.eagle(*words, "--set", LINE, check=False)
    assert judged.returncode in (0, 3) and "1 image:" in judged.stdout
    assert project.eagle("run", "--allow-partial", "--set", LINE).returncode == 0


def test_unlabelled_photographs_are_listed_worst_first_and_the_stand_in_is_not_asked(own, small_data) -> None:  # type: ignore[no-untyped-def]
    project, folder = own()
    (folder / "unlabelled").mkdir()
    source = sorted(p for p in small_data.iterdir() if p.is_dir())[0]
    for kind in sorted((source / "test").iterdir()):
        shown = sorted(kind.iterdir())[0]
        shutil.copyfile(shown, folder / "unlabelled" / f"{kind.name}.png")
    Image.new("RGB", (224, 224)).save(folder / "unlabelled/black frame.png")
    done = project.eagle("run", "--set", LINE, check=False)
    records = project.records()
    assert set(records.method) == {"expert"}, "the embedded MLLM has never seen such images"
    assert "is a stand-in made for the demo's images and is not asked" in " ".join(done.stdout.split())
    assert done.returncode == 3 and "1 image was not judged" in done.stdout and "1 blank" in done.stdout
    black = records[records.image_id.str.contains("black frame")].iloc[0]
    assert black.status == "not_judged" and pd.isna(black.verdict_defective) and str(black.error).startswith("not judged: blank")
    [run] = [p for p in (project.root / "runs").iterdir() if p.is_dir()]
    page = (run / "report.html").read_text(encoding="utf-8")
    assert '<p class="told">NOT JUDGED: blank' in page and '<option value="not_judged">not judged</option>' in page
    assert "Images that were not judged" in page
    ranked = records[records.status != "not_judged"].sort_values("expert_score", ascending=False).image_id.tolist()
    listed = [line for line in done.stdout.splitlines() if "unlabelled/" in line and "│" in line]
    order = [image for line in listed for image in ranked if image in line]
    assert order == ranked
