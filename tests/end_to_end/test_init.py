"""A stranger's folder of photographs: ``eagle init``, then a run and a verdict there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.tiny.photographs import VERDICTS, write_photographs


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photographs(tmp_path_factory.mktemp("photographs") / "Lids, line 3")


def test_from_a_folder_of_photographs_to_verdicts(project_at: Callable, photographs: Path, tmp_path: Path) -> None:  # type: ignore[type-arg]
    outside = project_at(tmp_path)
    started = outside.eagle("init", "line3", "--images", str(photographs)).stdout
    assert "No language model is asked" in started and "line3/params.yaml" in started
    written = (tmp_path / "line3/params.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(written)["datasets"] == {"lids_line_3": {"format": "folder", "root": str(photographs)}}
    assert written.count("#") > 10
    assert (tmp_path / "line3/data/.gitignore").read_text() == "*\n!*.dvc\n!.gitignore\n"

    project = project_at(tmp_path / "line3")
    shown = project.eagle("run").stdout
    records = project.records()
    assert set(records.method) == {"expert"} and set(records.mllm) == {"none"}
    said = dict(zip(records.image_id.map(lambda name: Path(name).stem), records.verdict_defective, strict=True))
    stopped = {name for name, defective in said.items() if defective}
    assert set(said) == set(VERDICTS)
    assert {name for name, defective in VERDICTS.items() if defective} <= stopped
    assert len(stopped) <= 4, "a promise of 5 % leaves room for one of two good parts, not for both"
    assert f"{len(stopped)} of 5" in shown
    [summary] = (project.root / "runs").glob("*/summary.json")
    [promise] = json.loads(summary.read_text(encoding="utf-8"))["promises"]
    assert (promise["asked"], promise["promised"], promise["calibration"]) == (0.05, 0.05, "cross_fitted")

    project.eagle("inspect", str(photographs / "unlabelled/scratched0.jpg"))
    [verdict] = (project.root / "runs/inspect").glob("*.json")
    assert json.loads(verdict.read_text())["verdict"] == "defective"

    again = outside.eagle("init", "line3", "--images", str(photographs), check=False)
    assert again.returncode == 2 and "is there already" in again.stderr


def test_with_dvc_the_images_are_copied_and_tracked(project_at: Callable, photographs: Path, tmp_path: Path) -> None:  # type: ignore[type-arg]
    project_at(tmp_path).eagle("init", "line3", "--images", str(photographs), "--name", "lids", "--dvc")
    root = tmp_path / "line3"
    assert yaml.safe_load((root / "params.yaml").read_text())["datasets"] == {"lids": {"format": "folder", "root": "data/lids"}}
    assert (root / "data/lids.dvc").is_file() and (root / "data/lids/normal/fine0.jpg").stat().st_nlink == 2
    assert yaml.safe_load((root / "dvc.yaml").read_text())["stages"]["benchmark"]["deps"] == ["data/lids"]


@pytest.mark.quick
def test_images_that_nothing_can_be_learnt_from_are_refused_with_a_remedy(project_at: Callable, photographs: Path, tmp_path: Path) -> None:  # type: ignore[type-arg]
    shutil.copytree(photographs / "unlabelled", tmp_path / "all/unlabelled")
    ended = project_at(tmp_path).eagle("init", "line3", "--images", "all", check=False)
    assert ended.returncode == 2
    assert "make a folder `normal` in it" in " ".join(ended.stderr.split())
    assert not (tmp_path / "line3").exists()


def test_a_folder_of_photographs_and_nothing_else_holds_good_parts(project_at: Callable, photographs: Path, tmp_path: Path) -> None:  # type: ignore[type-arg]
    started = project_at(tmp_path).eagle("init", "line3", "--images", str(photographs / "normal"), "--name", "lids").stdout
    assert "taken as good parts (data/lids/normal)" in started and "nothing to judge yet" in started
    project = project_at(tmp_path / "line3")
    assert (project.root / "data/lids/normal").is_symlink()
    ran = project.eagle("run", check=False)
    missing = [line for line in ran.stdout.splitlines() if line.startswith("missing:")]
    assert ran.returncode == 3 and missing == ["missing: no test image in lids/lids: nothing was judged there"]
    project.eagle("inspect", str(photographs / "unlabelled/scratched2.jpg"), str(photographs / "unlabelled/fine1.jpg"))
    verdicts = {p.stem.split("-")[-1]: json.loads(p.read_text())["verdict"] for p in (project.root / "runs/inspect").glob("*.json")}
    assert verdicts == {"scratched2": "defective", "fine1": "normal"}
