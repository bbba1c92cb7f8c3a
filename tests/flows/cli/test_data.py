"""``eagle data`` as a user meets it: exit codes, lines that name the file and the remedy, what lies where after."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.cli.data_command import error_of, photo, run

PROJECT = Path(__file__).parents[3]


def test_check_of_a_sound_folder(photos: Path) -> None:
    result = run("check", photos)
    assert result.exit_code == 0
    assert "cup" in result.output
    assert "0 errors, 0 warnings, 1 info" in result.output  # no masks


def test_check_names_what_is_wrong_and_fails(photos: Path) -> None:
    shutil.copy(photos / "cup/normal/1.png", photos / "cup/defective/0.png")
    (photos / "cup/normal/2.png").write_bytes(b"")
    result = run("check", photos)
    assert result.exit_code == 1
    assert "normal_among_defects" in result.output
    assert "the file is empty" in result.output
    assert "2 errors, 0 warnings, 1 info" in result.output


def test_check_as_json(photos: Path) -> None:
    (photos / "cup/normal/2.png").write_bytes(b"")
    result = run("check", photos, "--json")
    assert result.exit_code == 1
    described = json.loads(result.stdout)
    assert described["format"] == "folder"
    assert described["categories"] == {"cup": {"train": 5, "test": 1}}
    assert [(f["kind"], f["image_id"], f["severity"]) for f in described["findings"]] == [
        ("no_masks", "cup", "info"),
        ("empty", "cup/normal/2.png", "error"),
    ]


def test_check_of_what_is_no_dataset(tmp_path: Path) -> None:
    assert f"{tmp_path / 'gone'}: no such folder" in error_of(run("check", tmp_path / "gone"))
    photo(tmp_path / "train" / "day" / "deeper" / "0.png", 1)
    assert f"{tmp_path}: no layout that Eagle reads" in error_of(run("check", tmp_path))
    assert "split_csv/1cls.csv: no such file" in error_of(run("check", tmp_path, "--format", "visa"))


def test_import_copies_and_tracks(photos: Path, project: Path) -> None:
    result = run("import", photos, "--params", project / "params.yaml")
    assert result.exit_code == 0, result.output
    copied = project / "data" / "my_photos"
    assert {p.relative_to(copied) for p in copied.rglob("*.png")} == {
        p.relative_to(photos) for p in photos.rglob("*.png")
    }
    assert "datasets: {my_photos: {format: folder, root: data/my_photos}}" in result.output
    assert (project / "data" / "my_photos.dvc").is_file()
    assert [p.name for p in (project / "data").iterdir() if p.is_dir()] == ["my_photos"]


def test_import_by_link_copies_nothing(photos: Path, project: Path) -> None:
    result = run("import", photos, "--name", "cups", "--link", "--params", project / "params.yaml")
    assert result.exit_code == 0, result.output
    assert (project / "data" / "cups").resolve() == photos
    assert "linked, not tracked" in result.output
    assert not list(project.rglob("*.dvc"))
    assert run("check", project / "data" / "cups").exit_code == 0


def test_import_refuses_a_flawed_folder_unless_told_not_to_look(photos: Path, project: Path) -> None:
    (photos / "cup/normal/2.png").write_bytes(b"")
    arguments = ("import", photos, "--name", "cups", "--link", "--params", project / "params.yaml")
    result = run(*arguments)
    assert result.exit_code == 1
    assert "not imported" in result.output
    assert not (project / "data").exists()
    assert run(*arguments, "--no-check").exit_code == 0


def test_a_second_import_says_which_datasets_are_no_longer_read(photos: Path, project: Path) -> None:
    params = ("--link", "--params", project / "params.yaml")
    first = run("import", photos, "--name", "cups", *params)
    assert 'no longer read by a plain `eagle run`: demo: {"root": "data/demo"}' in first.output
    assert '`eagle run`: cups: {"format": "folder", "root": "data/cups"}' in run("import", photos, "--name", "mugs", *params).output


def test_photographs_that_nothing_is_learnt_from_are_not_said_to_be_ready_for_a_run(tmp_path: Path, project: Path) -> None:
    for day in ("monday", "tuesday"):
        photo(tmp_path / "days" / day / "0.png", 1)
    told = run("import", tmp_path / "days", "--params", project / "params.yaml").output
    assert "none of them marked as normal" in told and "next: nothing can be judged before" in told and "next: eagle run" not in told


def test_a_folder_of_photographs_is_sound_after_it_was_linked(tmp_path: Path, project: Path) -> None:
    assert run("import", flat(tmp_path / "lids"), "--link", "--params", project / "params.yaml").exit_code == 0
    checked = run("check", project / "data/lids")
    assert checked.exit_code == 0 and "0 errors" in checked.output, checked.output


def test_what_is_no_folder_of_images_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    assert f"{tmp_path}: no image in this folder or below it" in error_of(run("check", tmp_path))
    assert "notes.txt: a file; give the folder that holds it" in error_of(run("check", tmp_path / "notes.txt"))


def test_import_refuses_names_and_places_in_use(photos: Path, project: Path) -> None:
    params = ("--link", "--params", project / "params.yaml")
    assert "'demo' is the name of the data that Eagle generates itself" in error_of(run("import", photos, "--name", "demo", *params))
    assert "'Cups' cannot name a dataset" in error_of(run("import", photos, "--name", "Cups", *params))
    assert run("import", photos, "--name", "cups", *params).exit_code == 0
    assert "cups: already there; move it away" in error_of(run("import", photos, "--name", "cups", *params))
    (project / "normal").mkdir()
    photo(project / "normal" / "0.png", 0)
    assert "contains" in error_of(run("import", project, "--name", "all", *params))
    assert "nothing in it" in error_of(run("import", project / "nothing", "--no-check", *params))


def test_the_command_ends_in_one_line_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flows.cli.main", "data", "check", str(tmp_path / "gone")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1] == f"error: {tmp_path / 'gone'}: no such folder; check the path"


def flat(folder: Path) -> Path:
    for number in range(6):
        photo(folder / f"IMG_{number}.png", number)
    return folder


def with_params(project: Path) -> Path:
    params = project / "params.yaml"
    params.write_text("# mine\ndatasets:\n  demo: {root: data/demo}\nprofiles:\n  demo: {}\n", encoding="utf-8")
    return params


def test_photographs_and_nothing_else_are_normal_images_and_become_the_default(tmp_path: Path, project: Path) -> None:
    from eagle_core.data.catalogue import load_dataset
    from tasks.machinery.params import load_params

    params = with_params(project)
    result = run("import", flat(tmp_path / "Lids (new)"), "--link", "--params", params)
    assert result.exit_code == 0, result.output
    assert "taken as normal images" in result.output and "--as unlabelled" in result.output
    config = load_params(params)
    [name] = config.datasets
    assert f"next: eagle run --params {params}" in result.output
    [category] = load_dataset(config.datasets[name]).categories.values()
    assert (len(category.train), len(category.test)) == (6, 0)
    assert params.read_text().startswith("# mine"), "comments stay"


def test_a_folder_of_notes_beside_the_photographs_changes_nothing(tmp_path: Path, project: Path) -> None:
    photographs = flat(tmp_path / "lids")
    (photographs / "notes").mkdir()
    (photographs / "notes/monday.txt").write_text("good")
    result = run("import", photographs, "--params", with_params(project))
    assert result.exit_code == 0 and "taken as normal images" in result.output


@pytest.mark.parametrize("link", [True, False])
def test_photographs_are_unlabelled_where_they_are_said_to_be(tmp_path: Path, project: Path, link: bool) -> None:
    params = with_params(project)
    result = run("import", flat(tmp_path / "today"), "--as", "unlabelled", "--params", params, *(["--link"] if link else []))
    assert result.exit_code == 0, result.output
    assert (project / "data/today/IMG_0.png").is_file() and "taken as normal" not in result.output


def test_a_folder_that_says_itself_what_it_holds_takes_no_as(photos: Path, project: Path) -> None:
    result = run("import", photos, "--as", "normal", "--params", with_params(project))
    assert result.exit_code != 0 and "leave --as out" in str(result.exception)
    assert not (project / "data").exists()
