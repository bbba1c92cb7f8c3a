"""``eagle data`` as a user meets it: exit codes, lines that name the file and the remedy, what lies where after."""

from __future__ import annotations

import hashlib
import http.server
import json
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from eagle_core.errors import DataError
from flows.cli.data import app

PROJECT = Path(__file__).parents[3]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def error_of(result: Result) -> str:
    """The one line that ``eagle`` prints for a DataError (flows.cli.main turns it into one)."""
    assert isinstance(result.exception, DataError), result.output
    message = str(result.exception)
    assert "\n" not in message
    return message


def save(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A sound folder of one's own."""
    folder = tmp_path / "My Photos"
    for number in range(5):
        save(folder / "cup" / "normal" / f"{number}.png", number)
    save(folder / "cup" / "defective" / "0.png", 10)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository to bring data into."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "params.yaml").write_text("datasets:\n  demo: {root: data/demo}\n", encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    return folder


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the loopback address that serves it."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def packed(folder: Path, archive: Path, name: str) -> str:
    """Pack ``folder`` as ``name`` inside the archive; return the archive's checksum."""
    with tarfile.open(archive, "w:xz") as file:
        file.add(folder, name)
    return hashlib.sha256(archive.read_bytes()).hexdigest()


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
    save(tmp_path / "train" / "day" / "deeper" / "0.png", 1)
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
        save(tmp_path / "days" / day / "0.png", 1)
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
    save(project / "normal" / "0.png", 0)
    assert "contains" in error_of(run("import", project, "--name", "all", *params))
    assert "nothing in it" in error_of(run("import", project / "nothing", "--no-check", *params))


def test_fetch_downloads_unpacks_and_tracks(photos: Path, project: Path, served: tuple[Path, str]) -> None:
    folder, address = served
    sha256 = packed(photos, folder / "mmad.tar.xz", "MMAD")
    arguments = ("fetch", "mmad", "--url", f"{address}/mmad.tar.xz", "--sha256", sha256)
    result = run(*arguments, "--params", project / "params.yaml")
    assert result.exit_code == 0, result.output
    assert (project / "data/mmad/cup/normal/0.png").read_bytes() == (photos / "cup/normal/0.png").read_bytes()
    assert (project / "data/mmad.dvc").is_file()
    assert list((project / "data/.downloads").iterdir()) == []
    (folder / "mmad.tar.xz").unlink()
    assert run(*arguments, "--params", project / "params.yaml").exit_code == 0  # there already: no download


def test_fetch_of_wrong_bytes_and_of_a_hostile_archive_leaves_no_dataset(
    photos: Path, project: Path, served: tuple[Path, str]
) -> None:
    folder, address = served
    params = ("--params", project / "params.yaml")
    sha256 = packed(photos, folder / "a.tar", "../../outside")
    wrong = run("fetch", "visa", "--url", f"{address}/a.tar", "--sha256", "0" * 64, *params)
    assert f"what came has sha256 {sha256}" in error_of(wrong)
    hostile = run("fetch", "visa", "--url", f"{address}/a.tar", "--sha256", sha256, *params)
    assert "would be written outside the folder; nothing was unpacked" in error_of(hostile)
    missing = run("fetch", "visa", "--url", f"{address}/gone.tar", "--sha256", "1" * 64, *params)
    assert "the server answers 404" in error_of(missing)
    assert not (project / "data" / "visa").exists()
    assert not list(project.rglob("*.dvc"))


def test_fetch_offline_says_what_to_do(project: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/visa.tar"
        arguments = ("fetch", "visa", "--url", url, "--sha256", "0" * 64)
        message = error_of(run(*arguments, "--params", project / "params.yaml"))
    assert "127.0.0.1 cannot be reached" in message
    assert "offline" in message
    assert f"Fetch {url} by hand" in message
    assert "`eagle data import DIR --name visa`" in message


def test_an_unknown_source_is_asked_of_the_user(project: Path) -> None:
    params = ("--params", project / "params.yaml")
    assert "give --url and --sha256" in error_of(run("fetch", "mmad", *params))
    assert "give --sha256" in error_of(run("fetch", "mmad", "--url", "https://example.org/mmad.zip", *params))
    unknown = run("fetch", "imagenet", *params)
    assert unknown.exit_code == 2
    assert "mvtec_ad" in unknown.output


def test_the_command_ends_in_one_line_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flows.cli.main", "data", "check", str(tmp_path / "gone")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1] == f"error: {tmp_path / 'gone'}: no such folder; check the path"


def test_elpv_is_split_from_its_package_and_tracked(project: Path) -> None:
    arguments = ("fetch", "elpv", "--train", "5", "--test", "3", "--params", project / "params.yaml")
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert result.output.index("CC BY-NC-SA 4.0: not for commercial use") < result.output.index("tracked with DVC")
    for category, unsure in (("mono", 173), ("poly", 228)):
        for place, count in (("train/good", 5), ("test/good", 3), ("test/defective", 3)):
            assert f"elpv/{category}/{place}: {count}" in result.output
        assert f"elpv_doubtful/{category}: {unsure}" in result.output
    for name in ("elpv", "elpv_doubtful"):
        assert (project / "data" / f"{name}.dvc").is_file()
        assert "Attribution-NonCommercial-ShareAlike" in (project / "data" / name / "LICENSE.md").read_text(encoding="utf-8")
    checked = run("check", project / "data" / "elpv")
    assert checked.exit_code == 0 and "0 errors, 0 warnings" in checked.output
    before = sorted(p.stat().st_mtime_ns for p in (project / "data").rglob("*.png"))
    assert run(*arguments).exit_code == 0
    assert sorted(p.stat().st_mtime_ns for p in (project / "data").rglob("*.png")) == before


def flat(folder: Path) -> Path:
    for number in range(6):
        save(folder / f"IMG_{number}.png", number)
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
