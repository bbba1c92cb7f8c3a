"""``eagle data add`` as a user meets it: what is refused, what is compared, what lies where after, and that DVC follows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import Result
from PIL import Image, ImageFilter
from typer.testing import CliRunner

from eagle_core.errors import ConfigurationError, DataError
from flows.cli.data import app
from tasks.machinery.dataset import dataset_hash, pinned_hash
from tasks.machinery.inputs import forget_datasets
from tests.tiny.photographs import write_photographs

PARAMS = """
datasets: {line: {format: folder, root: data/line}}
profiles: {demo: {}}
expert: {preprocessing: {resize: 96}, coreset: {ratio: 0.02}}
threshold: {method: conformal, false_alarm_rate: 0.05, bootstrap_samples: 20}
evaluation: {bootstrap_samples: 50}
run: {threads: 1}
"""
THERE, NEW = 12, 5


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photographs(tmp_path_factory.mktemp("shots"))


@pytest.fixture
def project(tmp_path: Path, shots: Path) -> Path:
    """A project whose dataset ``line`` (one category, ``line``) was imported, and is tracked with DVC."""
    source, good = tmp_path / "source", sorted((shots / "normal").iterdir())
    for folder, paths in {
        "normal": good[:THERE],
        "normal_test": sorted((shots / "unlabelled").glob("fine*")),
        "defective": sorted((shots / "unlabelled").glob("scratched*")),
    }.items():
        (source / folder).mkdir(parents=True)
        for path in paths:
            shutil.copyfile(path, source / folder / path.name)
    made = tmp_path / "project"
    made.mkdir()
    (made / "params.yaml").write_text(PARAMS, encoding="utf-8")
    assert run("import", source, "--name", "line", "--params", made / "params.yaml").exit_code == 0
    forget_datasets()
    return made


@pytest.fixture
def more(tmp_path: Path, shots: Path) -> Path:
    """Five good photographs, three of whose names are taken, and six that should not be added."""
    folder, good = tmp_path / "tuesday", sorted((shots / "normal").iterdir())
    folder.mkdir()
    for number, path in enumerate(good[THERE : THERE + NEW]):
        shutil.copyfile(path, folder / (good[number].name if number < 3 else path.name))
    shutil.copyfile(good[0], folder / "copy.jpg")
    shutil.copyfile(shots / "unlabelled/scratched0.jpg", folder / "tested.jpg")
    (folder / "broken.jpg").write_bytes(good[0].read_bytes()[:500])
    with Image.open(good[-1]) as image:
        image.resize((64, 64)).save(folder / "small.png")
        image.filter(ImageFilter.GaussianBlur(12)).save(folder / "blurred.png")
        image.convert("I;16").save(folder / "deep.png")
    return folder


def run(*arguments: str | Path, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=answer)


def add(project: Path, folder: Path, *options: str, answer: str | None = None) -> Result:
    forget_datasets()
    return run("add", folder, "--params", project / "params.yaml", *options, answer=answer)


def cells(output: str, row: str) -> list[str]:
    """What the comparison says in the row that begins so, now and then."""
    [line] = [line for line in output.splitlines() if row in line and "│" in line]
    return [cell.strip() for cell in line.strip("│ ").split("│")][1:]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_without_a_yes_everything_stays_as_it_was(project: Path, more: Path) -> None:
    before, pin = files(project / "data/line"), (project / "data/line.dvc").read_bytes()
    done = add(project, more, answer="n\n")
    assert done.exit_code == 1 and "nothing was added: the data are as they were" in done.output
    assert "add 5 images to" in done.output
    assert files(project / "data/line") == before and (project / "data/line.dvc").read_bytes() == pin
    assert not list((project / ".eagle/cache").glob(".adding-*"))


def test_what_is_refused_is_named_and_the_rest_is_compared_added_and_tracked(project: Path, more: Path) -> None:
    before = files(project / "data/line")
    done = add(project, more, "--yes")
    assert done.exit_code == 0, done.output + str(done.exception)
    said = " ".join(done.output.split())
    for words in (
        "copy.jpg: the same picture as normal/fine0.jpg",
        "tested.jpg: the same picture as defective/scratched0.jpg, which is listed as defective",
        "not added: " + str(more / "broken.jpg"),
        "deep.png: sixteen bits a channel, those there have eight bits",
        "small.png: another size: 64x64 pixels",
        "blurred.png: blurred",
    ):
        assert words in said, words

    after = files(project / "data/line")
    assert {name: after[name] for name in before} == before, "a file was overwritten"
    assert len(after) == len(before) + NEW
    assert sorted(set(after) - set(before))[:3] == ["normal/fine0_2.jpg", "normal/fine10_2.jpg", "normal/fine1_2.jpg"]
    pin = project / "data/line.dvc"
    assert pinned_hash(pin) == dataset_hash(project / "data/line"), "DVC is not in step"

    assert cells(done.output, "good images") == ["12", "17"]
    # 7 new images could be read and were looked at; the 12 old ones were computed once, for the expert as it is now.
    assert cells(done.output, "features computed") == ["of 12 images, 0 from the store", "of 7 images, 10 from the store"]
    # 12 images can promise 1 / 13, 17 can promise 1 / 18.
    assert [cell.split(";")[0] for cell in cells(done.output, "promised false alarms")] == ["7.7 % (5 % asked)", "5.6 % (5 % asked)"]
    assert all(cell.startswith("cross-fitted: no groups are known") for cell in cells(done.output, "scored by"))
    assert all("5 images" in cell for cell in cells(done.output, "balanced accuracy"))
    assert "judged otherwise than now" in done.output


def test_a_second_add_computes_its_own_images_alone_and_a_run_finds_the_expert(project: Path, more: Path) -> None:
    for name in ("broken.jpg", "copy.jpg", "deep.png", "tested.jpg", "small.png", "blurred.png"):
        (more / name).unlink()
    assert add(project, more, "--yes").exit_code == 0
    again = add(project, more, "--yes")
    assert again.exit_code == 1 and "no image of 5 can be" in again.output
    experts = set((project / ".eagle/cache/expert").glob("*/*"))
    later = more.parent / "wednesday"
    later.mkdir()
    with Image.open(more / "fine0.jpg") as image:
        image.rotate(1).save(later / "x.jpg", quality=92)
    done = add(project, later, "--calibration", "--keep-odd", "--yes")
    assert done.exit_code == 0, done.output
    assert (project / "data/line/calibration/x.jpg").is_file() and not (project / "data/line/normal/x.jpg").exists()
    assert cells(done.output, "good images") == ["17", "17, 1 kept apart"]
    assert cells(done.output, "features computed") == ["of 0 images, 17 from the store", "of 1 image, 16 from the store"]
    assert "1 held-out image is too few" in " ".join(done.output.split())
    assert experts < set((project / ".eagle/cache/expert").glob("*/*"))


def test_where_images_cannot_be_added_it_says_so(project: Path, more: Path, tmp_path: Path) -> None:
    assert isinstance(add(project, tmp_path / "nowhere").exception, DataError)
    unknown = add(project, more, "-c", "lid").exception
    assert isinstance(unknown, ConfigurationError) and "there are: line" in str(unknown)


def test_a_defect_is_told_from_its_score_and_groups_that_do_not_name_it_stop_everything(project: Path, shots: Path, tmp_path: Path) -> None:
    """In MVTec's layout, as one of the categories of a dataset that is no DVC folder."""
    lid, good = project / "data/parts/lid", sorted((shots / "normal").iterdir())
    (lid / "train/good").mkdir(parents=True)
    (lid / "test/good").mkdir(parents=True)
    for number, path in enumerate(good[:THERE]):
        shutil.copyfile(path, lid / f"train/good/{number}.jpg")
    later = tmp_path / "later"
    later.mkdir()
    with Image.open(shots / "unlabelled/scratched1.jpg") as image:
        image.rotate(180).save(later / "scratched.jpg", quality=92)
    shutil.copyfile(good[-1], later / "0.jpg")
    parts = ("--set", "datasets.parts={root: data/parts}", "-c", "lid", "--yes")
    lots = "image,lot\n" + "\n".join(f"{number}.jpg,{number // 3}" for number in range(THERE))
    (project / "lots.csv").write_text(lots, encoding="utf-8")
    unnamed = add(project, later, *parts, "--set", "datasets.parts.groups={file: lots.csv, column: lot}").exception
    assert isinstance(unnamed, DataError) and "lots.csv" in str(unnamed) and "0_2.jpg has no group" in str(unnamed)
    assert len(list((lid / "train/good").iterdir())) == THERE

    done = add(project, later, *parts)
    assert done.exit_code == 0, done.output + str(done.exception)
    assert "scratched.jpg: looks like a defect: its score is" in " ".join(done.output.split())
    assert (lid / "train/good/0_2.jpg").read_bytes() == good[-1].read_bytes()
    assert len(list((lid / "train/good").iterdir())) == THERE + 1
    assert "tracked with DVC" not in done.output and not (project / "data/parts.dvc").exists()
    assert "no labelled test images" in cells(done.output, "balanced accuracy")[1]


def test_where_no_features_are_kept_all_are_computed_again(project: Path, shots: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    later.mkdir()
    shutil.copyfile(sorted((shots / "normal").iterdir())[-1], later / "x.jpg")
    done = add(project, later, "--yes", "--set", "run.kept_features_mib=0")
    assert done.exit_code == 0, done.output + str(done.exception)
    # The new one twice: for a look by the old expert, and for the new one.
    assert cells(done.output, "features computed") == ["of 12 images, 0 from the store", "of 14 images, 0 from the store"]
    assert not (project / ".eagle/cache/features").exists()
