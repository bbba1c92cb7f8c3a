"""A station that is killed: what it acknowledged is there, nothing is there twice, and a fit is taken up again."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests import forks
from tests.flows.service.conftest import free_port, plate, write_project
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.server]

JUDGEMENTS = 80
SENDERS = 4


class Killable:
    """``eagle serve`` that is started again and again on the same project and port."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.process: forks.Forked | None = None

    def start(self) -> None:
        command = ("serve", "--port", str(self.port))
        self.process = forks.start(command, self.root, os.environ | {"OMP_NUM_THREADS": "1"})
        wait_for(self.answers)

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.running(), self.process.said()
        try:
            return httpx2.get(self.url + "healthz").is_success
        except httpx2.HTTPError:
            return False

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()

    def send(self, content: bytes, key: str) -> Any:
        url, headers = self.url + "api/categories/plate/parts", {"Idempotency-Key": key}
        return httpx2.post(url, content=content, headers=headers, timeout=60).raise_for_status().json()

    def get(self, path: str) -> Any:
        return httpx2.get(self.url + path).raise_for_status().json()


@pytest.fixture
def station(tmp_path: Path) -> Any:
    write_project(tmp_path, {"plate": 24}, queue=64)
    made = Killable(tmp_path)
    made.start()
    wait_for(lambda: made.get("api/categories")[0]["ready"])
    yield made
    assert made.process is not None
    made.process.terminate()


def test_what_was_acknowledged_survives_a_kill_and_nothing_is_there_twice(station: Killable) -> None:
    acknowledged: dict[str, int] = {}
    killed = threading.Event()
    lock = threading.Lock()

    def send(numbers: range) -> None:
        for number in numbers:
            key = f"part {number}"
            for _ in range(3000):
                with contextlib.suppress(httpx2.HTTPError):
                    answer = httpx2.post(
                        station.url + "api/categories/plate/parts",
                        content=plate(number, blot=number % 10 == 0),
                        headers={"Idempotency-Key": key},
                        timeout=60,
                    )
                    assert answer.status_code in (201, 503), answer.text
                    if answer.status_code == 201:
                        with lock:
                            acknowledged.setdefault(key, answer.json()["id"])
                        break
                threading.Event().wait(0.2)
            if len(acknowledged) >= JUDGEMENTS // 2:
                killed.set()

    senders = [threading.Thread(target=send, args=(range(i, JUDGEMENTS, SENDERS),)) for i in range(SENDERS)]
    for sender in senders:
        sender.start()
    assert killed.wait(900)
    station.kill()
    with lock:
        before = dict(acknowledged)
    assert JUDGEMENTS // 4 < len(before) < JUDGEMENTS
    station.start()
    for sender in senders:
        sender.join(900)
    assert len(acknowledged) == JUDGEMENTS
    for key, part in list(before.items())[:: JUDGEMENTS // 20]:
        number = int(key.removeprefix("part "))
        content = plate(number, blot=number % 10 == 0)
        assert station.send(content, key)["id"] == part
        assert httpx2.get(station.url + f"api/parts/{part}/image").content == content
    parts = station.get("api/parts?limit=500")
    assert len(parts) == JUDGEMENTS
    assert {part["id"] for part in parts} == set(acknowledged.values())
    assert sum(part["verdict"] == "not_ok" for part in parts) >= JUDGEMENTS // 10


def test_a_fit_is_taken_up_again_and_a_switch_is_whole(station: Killable) -> None:
    for seed in range(100, 130):
        httpx2.post(station.url + "api/categories/plate/images", content=plate(seed), timeout=60).raise_for_status()
    job = httpx2.post(station.url + "api/categories/plate/fits", json={}, timeout=60).json()
    station.kill()
    station.start()
    wait_for(lambda: station.get(f"api/jobs/{job['id']}")["state"] == "done")
    newest, *_ = station.get("api/categories/plate/thresholds")
    assert newest["images"] == 54
    made = [line for line in station.get("api/audit") if line["what"] == "expert added"]
    assert [line["detail"]["images"] for line in made] == [54, 24]
    threading.Thread(target=lambda: _quietly(station.url + f"api/thresholds/{newest['id']}/switch"), daemon=True).start()
    station.kill()
    station.start()
    now = station.get("api/categories/plate")
    kept = {(v["id"], v["expert_version"]) for v in station.get("api/categories/plate/thresholds")}
    assert (now["threshold_version"], now["expert_version"]) in kept
    # The log and what judges are one transaction: the newest line says what is in force.
    switched = next(line for line in station.get("api/audit") if line["what"] == "switched")
    assert switched["detail"]["to"] == {"expert": now["expert_version"], "threshold": now["threshold_version"]}
    part = station.send(plate(1, blot=True), "after the switch")
    assert (part["verdict"], part["threshold_version"]) == ("not_ok", now["threshold_version"])


def _quietly(url: str) -> None:
    with contextlib.suppress(httpx2.HTTPError):
        httpx2.post(url, timeout=60)
