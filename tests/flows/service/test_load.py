"""Load on a real ``eagle serve`` from another process: the short form of ``make soak``; and a queue that is full."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx2
import pytest

from benchmarks.station_latency import plate
from benchmarks.station_load import WARM
from tests.conftest import PROJECT
from tests.flows.service.conftest import serving
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.server]

QUEUE = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of load, told in result.json; the station's folder."""
    found = tmp_path_factory.mktemp("load")
    command = [sys.executable, "-m", "benchmarks.station_load", "--minutes", "0.05", "--clients", str(QUEUE), "--queue", str(QUEUE)]
    command += ["--folder", str(found), "--out", str(found / "result.json")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return found


def test_under_load_nothing_fails_and_what_is_acknowledged_is_kept_once(folder: Path) -> None:
    told = json.loads((folder / "result.json").read_text())
    assert told["failures"] == []
    assert told["parts"] > 0
    assert sum(told["verdicts"].values()) == told["parts"]
    # As many clients as places: nobody is sent away, until three times as many come at once.
    assert told["refused_and_sent_again"] == 0
    assert told["burst"]["acknowledged"] == told["burst"]["at_once"] == 3 * QUEUE
    expected = {*(f"burst-{n + 1}" for n in range(3 * QUEUE)), *(f"warm-{n}" for n in range(WARM))}
    with closing(sqlite3.connect(folder / "station/station.db")) as database:
        keys = [key for (key,) in database.execute("select idempotency_key from part")]
        images = database.execute("select count(distinct image_sha256) from part").fetchone()[0]
    assert expected < set(keys)
    assert len(keys) == len(set(keys)) == images == told["parts"] + 3 * QUEUE + WARM


class Slow:
    """A request whose body comes in two halves."""

    def __init__(self, url: str, content: bytes) -> None:
        address = httpx2.URL(url)
        self._socket = socket.create_connection((address.host, address.port), timeout=60)
        self._rest = content[len(content) // 2 :]
        head = f"POST /api/categories/plate/parts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(content)}\r\n\r\n"
        self._socket.sendall(head.encode() + content[: len(content) // 2])

    def finish(self) -> int:
        """Send the rest; the answer's status."""
        self._socket.sendall(self._rest)
        return self.status()

    def status(self) -> int:
        """Of the answer, when it comes."""
        return int(self._socket.makefile("rb").readline().split()[1])

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """The station again, which waits a short while for what is sent."""
    with serving(folder, "--set", f"service.queue={QUEUE}", "--set", "service.upload_seconds=15") as (found, _):
        yield found


def waiting(url: str) -> int:
    return int(httpx2.get(url + "healthz").json()["waiting"])


def test_beyond_its_bound_the_queue_asks_to_come_again(url: str) -> None:
    post = url + "api/categories/plate/parts"
    with ExitStack() as ended:
        slow = [Slow(url, plate(seed)) for seed in range(QUEUE)]
        for each in slow:
            ended.callback(each.close)
        wait_for(lambda: waiting(url) == QUEUE)
        refused = httpx2.post(post, content=plate(100))
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert "2 parts are waiting already; send this one again" in refused.text
        metrics = httpx2.get(url + "metrics").text
        assert f"eagle_queue_parts {float(QUEUE)}" in metrics
        assert "eagle_refused_parts_total 1.0" in metrics
        assert [each.finish() for each in slow] == [201] * QUEUE
        assert httpx2.post(post, content=plate(100), timeout=60).status_code == 201


def test_who_sends_nothing_more_gives_the_place_back(url: str) -> None:
    with ExitStack() as ended:
        slow = Slow(url, plate(200))
        ended.callback(slow.close)
        wait_for(lambda: waiting(url) == 1)
        assert slow.status() == 408
        wait_for(lambda: waiting(url) == 0)
