"""What people bring, from the folder to the report: odd names, an image that a model refuses, files that cannot be read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eagle_core.names import from_text

CATEGORY = "ねじ 1 [a] #2 & <b>"
LATIN, GBK = "gut_für_alle.png".encode("latin-1"), "划痕.png".encode("gbk")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, small_data: Path) -> Path:
    """The small data's first category under an odd name, with one oddity of each kind."""
    root = tmp_path_factory.mktemp("odd")
    source = sorted(path for path in small_data.iterdir() if path.is_dir())[0]
    folder = root / CATEGORY
    shutil.copytree(source, folder)
    train = sorted((folder / "train/good").iterdir())
    train[0].write_bytes(train[0].read_bytes()[:400])
    train[1].rename(train[1].with_name(os.fsdecode(LATIN)))
    kind, another = sorted(path for path in (folder / "test").iterdir() if path.name != "good")[:2]
    (first, second), third = sorted(kind.iterdir())[:2], sorted(another.iterdir())[0]
    masks = folder / "ground_truth" / kind.name
    first.rename(first.with_name(os.fsdecode(GBK)))
    (masks / f"{first.stem}_mask.png").rename(masks / os.fsdecode(GBK).replace(".png", "_mask.png"))
    mask = masks / f"{second.stem}_mask.png"
    Image.fromarray(255 - np.asarray(Image.open(mask).convert("L"))).save(mask)
    other = folder / "ground_truth" / another.name / f"{third.stem}_mask.png"
    Image.fromarray(np.full_like(np.asarray(Image.open(other)), 255)).save(other)
    Image.new("RGB", (2400, 8), "grey").save(folder / "test/good/ribbon.png")
    (folder / "test/good").rename(folder / "test/OK")
    return root


def test_odd_data_from_the_folder_to_the_report(new_project: Callable, odd: Path) -> None:  # type: ignore[type-arg]
    project = new_project()
    done = project.eagle(
        "run", "--set", f"datasets={{small: null, odd: {{root: {odd}}}}}", "--set", "methods=[expert, mllm]",
        "--set", "expert.preprocessing={resize: 128, fit: short_side, center_crop: 96}", "--set", "explanation.when=never", "--set", "judging.unlike=judge",
        "--set", "mllms.embedded.beyond_the_demo=true",
        check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    records = project.records()
    asked = records[records.method == "mllm"].set_index("image_id")

    assert f"{CATEGORY}/test/OK/ribbon.png" in asked.index, "three hundred times as wide as high"
    assert (asked.status == "answered").all()
    assert not asked.loc[asked.index.str.contains("/OK/")].is_defective.any()

    [renamed] = [image_id for image_id in asked.index if image_id.endswith("%BB%AE%BA%DB.png")]
    assert os.fsencode(odd / from_text(renamed)).endswith(GBK) and (odd / from_text(renamed)).is_file()

    told = done.stdout + done.stderr
    assert "is never looked at" in told and "fit: stretch" in told
    assert "fitted without" in told and "damaged or cut off" in told
    assert "is it inverted?" in told
    last = done.stdout[done.stdout.index("open in a browser") :]
    assert "1 mask marks most of its image up to the rim" in last and "1 mask marks its whole image" in last
    assert "images in OK are tested as normal" in told
    [folder] = [path for path in (project.root / "runs").iterdir() if path.is_dir()]
    page = (folder / "report.html").read_text(encoding="utf-8")
    for words in ("is never looked at", "fitted without", "1 mask marks its whole image", "is it inverted?", "ねじ 1 [a] #2 &amp; &lt;b&gt;", "%BB%AE%BA%DB.png"):
        assert words in page
    assert any(CATEGORY in run.info.run_name for run in project.runs())


def test_copies_of_one_image_are_one_line_that_says_what_to_add(new_project: Callable, small_data: Path, tmp_path: Path) -> None:  # type: ignore[type-arg]
    good = sorted((sorted(path for path in small_data.iterdir() if path.is_dir())[0] / "train/good").iterdir())[0]
    for number in range(6):
        (tmp_path / "same/cup/train/good").mkdir(parents=True, exist_ok=True)
        shutil.copy(good, tmp_path / f"same/cup/train/good/{number}.png")
        (tmp_path / "same/cup/test/good").mkdir(parents=True, exist_ok=True)
        shutil.copy(good, tmp_path / f"same/cup/test/good/{number}.png")
    done = new_project().eagle(
        "run", "--set", f"datasets={{small: null, same: {{root: {tmp_path / 'same'}}}}}", "--set", "methods=[expert]", check=False
    )
    assert done.returncode != 0 and "Traceback" not in done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert "all 6 normal images show the same picture" in line and "photographs of different good parts" in line


def test_degraded_images_are_made_and_judged_from_nothing(new_project: Callable) -> None:  # type: ignore[type-arg]
    project = new_project()
    worse = "datasets={small: {root: data/small}, blurred: {root: data/small, degradation: {blur: 1.5}}}"
    project.eagle("run", "--set", worse, "--set", "methods=[expert]", "--set", "judging.unlike=judge")
    scores = project.records().set_index(["dataset", "image_id"]).expert_score.unstack("dataset")
    assert scores.notna().all(axis=None) and (scores.small != scores.blurred).mean() > 0.9
