"""Downloads over a loopback server that misbehaves in every way a real one does."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from eagle_core.data.fetch import UnreachableError, download
from eagle_core.errors import DataError

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves CONTENT; a test sets how badly."""

    content = CONTENT
    honours_range = True
    shift = 0
    """Lies about where a part begins, by so many bytes."""
    cut_after: tuple[int, ...] = ()
    """Bytes of body after which the connection is cut, one for each of the first requests."""
    statuses: tuple[int, ...] = ()
    """Answers to the first requests instead of the file."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/data.tar"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        number = len(self.server.ranges)
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        if number < len(self.server.statuses):
            self.send_error(self.server.statuses[number])
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        content = self.server.content
        if asked and self.server.honours_range:
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            said = start + self.server.shift
            self.send_header("Content-Range", f"bytes {said}-{len(content) - 1}/{len(content)}")
            body = content[start:]
        else:
            self.send_response(200)
            body = content
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cuts = self.server.cut_after
        self.wfile.write(body[: cuts[number]] if number < len(cuts) else body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def fetch(url: str, destination: Path, sha256: str = SHA256, attempts: int = 3) -> Path:
    return download(url, destination, sha256, attempts=attempts, pause=0.0, timeout=5.0)


def part_of(destination: Path) -> Path:
    return destination.with_name(destination.name + ".part")


def test_a_whole_file_comes_with_progress(server: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    path = download(server.url, tmp_path / "new" / "data.tar", SHA256.upper(), lambda *now: told.append(now))
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [p.name for p in path.parent.iterdir()] == ["data.tar"]


def test_a_right_file_is_not_fetched_again_and_a_wrong_one_is_not_overwritten(
    server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "data.tar"
    path.write_bytes(CONTENT)
    assert fetch(server.url, path) == path
    path.write_bytes(b"my own file")
    with pytest.raises(DataError, match=r"data\.tar: is there, but is not what .*move it away"):
        fetch(server.url, path)
    assert path.read_bytes() == b"my own file"
    assert server.ranges == []


def test_a_cut_connection_is_resumed_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.cut_after = (1_000, 2_000, 0, 0)
    assert fetch(server.url, tmp_path / "data.tar").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=1000-", "bytes=3000-", "bytes=3000-", "bytes=3000-"]


def test_a_later_call_resumes_what_an_earlier_one_left(server: Server, tmp_path: Path) -> None:
    server.cut_after = (5_000, 0, 0)
    with pytest.raises(
        DataError, match=r"again and again; run this later, it resumes from .*data\.tar\.part"
    ):
        fetch(server.url, tmp_path / "data.tar", attempts=2)
    assert part_of(tmp_path / "data.tar").read_bytes() == CONTENT[:5_000]
    assert not (tmp_path / "data.tar").exists()
    assert fetch(server.url, tmp_path / "data.tar").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=5000-", "bytes=5000-", "bytes=5000-"]


def test_a_server_that_ignores_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    server.honours_range = False
    server.cut_after = (200_000,)
    assert fetch(server.url, tmp_path / "data.tar").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=200000-"]


def test_a_part_that_is_already_whole_is_only_checked(server: Server, tmp_path: Path) -> None:
    part_of(tmp_path / "data.tar").write_bytes(CONTENT)
    assert fetch(server.url, tmp_path / "data.tar").read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(CONTENT)}-"]


def test_a_longer_part_leaves_no_tail_where_ranges_are_ignored(server: Server, tmp_path: Path) -> None:
    server.honours_range = False
    part_of(tmp_path / "data.tar").write_bytes(CONTENT + b"tail of an older version")
    assert fetch(server.url, tmp_path / "data.tar").read_bytes() == CONTENT
    assert len(server.ranges) == 1


@pytest.mark.parametrize("left", [b"of another version" * 100, CONTENT + b"and too long"])
def test_a_part_of_something_else_is_thrown_away(server: Server, tmp_path: Path, left: bytes) -> None:
    part_of(tmp_path / "data.tar").write_bytes(left)
    assert fetch(server.url, tmp_path / "data.tar").read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(left)}-", None]


def test_wrong_bytes_are_not_kept(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    wrong = hashlib.sha256(server.content).hexdigest()
    with pytest.raises(
        DataError, match=f"{re.escape(server.url)}: what came has sha256 {wrong}, not {SHA256}"
    ):
        fetch(server.url, tmp_path / "data.tar")
    assert list(tmp_path.iterdir()) == []


def test_a_part_from_the_wrong_place_is_not_joined(server: Server, tmp_path: Path) -> None:
    server.shift = 7
    server.cut_after = (1_000,)
    with pytest.raises(DataError, match="another part than was asked for"):
        fetch(server.url, tmp_path / "data.tar", attempts=2)
    assert part_of(tmp_path / "data.tar").read_bytes() == CONTENT[:1_000]


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refusal_is_reported_at_once(server: Server, tmp_path: Path, status: int) -> None:
    server.statuses = (status,) * 9
    with pytest.raises(
        DataError, match=rf"{re.escape(server.url)}: the server answers {status} .*check the address"
    ):
        fetch(server.url, tmp_path / "data.tar")
    assert len(server.ranges) == 1


def test_a_busy_server_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.statuses = (503, 429)
    assert fetch(server.url, tmp_path / "data.tar").read_bytes() == CONTENT
    assert len(server.ranges) == 3


def test_no_connection_means_offline(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/data.tar"
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1 cannot be reached .*offline"):
            fetch(url, tmp_path / "data.tar")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/file", "data.tar", "https:///nothing"])
def test_only_http_addresses_are_fetched(tmp_path: Path, url: str) -> None:
    with pytest.raises(DataError, match="must begin with https"):
        fetch(url, tmp_path / "data.tar")


@pytest.mark.parametrize("sha256", ["", "abc", SHA256[:-1] + "g", "d41d8cd98f00b204e9800998ecf8427e"])
def test_only_a_sha256_is_a_checksum(tmp_path: Path, sha256: str) -> None:
    with pytest.raises(DataError, match="no SHA-256 checksum"):
        fetch("http://127.0.0.1/data.tar", tmp_path / "data.tar", sha256)
