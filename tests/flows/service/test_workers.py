"""Two judging processes behind one address: the verdicts of one process; one of them is killed while parts come."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dask
import distributed  # noqa: F401  # its settings are loaded with it, and must be there before one is changed
import httpx2
import psutil
import pytest

from benchmarks.station_load import serving
from eagle_core.config import EngineConfig
from flows.cluster import cluster_of
from tests.flows.service import conftest as station
from tests.flows.service.conftest import GOOD, plate, write_project
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.server]

ENGINE = ("--set", "run.engine={kind: dask, workers: 2}")
SENDERS, PARTS = 4, 60
BY_ITSELF = ("id", "received_at", "seconds")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[dict[str, Any], bytes]]]:
    """A fitted project, and what one process says of some parts."""
    root = tmp_path_factory.mktemp("line")
    write_project(root, {"plate": GOOD}, queue=64)
    with station.serving(root) as (url, _):
        return root, said(url, "alone")


def said(url: str, by: str) -> list[tuple[dict[str, Any], bytes]]:
    """Parts, without what differs from one to the next, and their maps."""
    found = []
    for seed in range(6):
        part = send(url, seed, f"{by} {seed}")
        heat = httpx2.get(url + f"api/parts/{part['id']}/heat-map").content
        found.append(({key: value for key, value in part.items() if key not in BY_ITSELF}, heat))
    return found


def send(url: str, seed: int, key: str) -> dict[str, Any]:
    path, headers = url + "api/categories/plate/parts", {"Idempotency-Key": key}
    answer = httpx2.post(path, content=plate(seed, blot=seed % 2 == 1), headers=headers, timeout=180)
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def spread(alone: tuple[Path, Any]) -> Iterator[tuple[str, psutil.Process]]:
    with serving(alone[0], *ENGINE) as found:
        wait_for(lambda: processes(found[0]) == 2)
        yield found


def processes(url: str) -> float:
    """As /metrics tells."""
    [line] = [line for line in httpx2.get(url + "metrics").text.splitlines() if line.startswith("eagle_judging_processes ")]
    return float(line.split()[1])


def judging(server: psutil.Process) -> set[int]:
    """Process ids of the processes that were spawned to judge."""
    return {each.pid for each in server.children(recursive=True) if "spawn_main" in " ".join(each.cmdline())}


def test_two_processes_say_what_one_says(alone: tuple[Path, Any], spread: tuple[str, psutil.Process]) -> None:
    url, _ = spread
    assert said(url, "spread") == alone[1]


def test_they_listen_on_this_machine_only(spread: tuple[str, psutil.Process]) -> None:
    _, server = spread
    everybody = [server, *server.children(recursive=True)]
    listening = [c.laddr.ip for each in everybody for c in each.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert len(listening) > 1
    assert set(listening) == {"127.0.0.1"}


def test_a_killed_process_takes_no_part_with_it(spread: tuple[str, psutil.Process]) -> None:
    url, server = spread
    before = judging(server)
    assert len(before) == 2
    acknowledged: dict[str, int] = {}
    half = threading.Event()

    def work(numbers: range) -> None:
        for number in numbers:
            acknowledged[f"part {number}"] = send(url, 1000 + number, f"part {number}")["id"]
            if len(acknowledged) >= PARTS // 2:
                half.set()

    senders = [threading.Thread(target=work, args=(range(mine, PARTS, SENDERS),)) for mine in range(SENDERS)]
    for each in senders:
        each.start()
    assert half.wait(600)
    victim = min(before)
    psutil.Process(victim).kill()
    for each in senders:
        each.join(600)
    assert len(acknowledged) == PARTS  # each at the first attempt
    listed = httpx2.get(url + "api/parts?limit=500").json()
    kept = {part["id"]: part["verdict"] for part in listed}
    assert set(acknowledged.values()) <= set(kept)
    assert len(set(acknowledged.values())) == PARTS
    assert len(listed) == len({part["id"] for part in listed}) == PARTS + 12
    for key, part in acknowledged.items():
        assert (kept[part] == "not_ok") == (int(key.split()[1]) % 2 == 1), key
    now = wait_for(lambda: processes(url) == 2 and len(found := judging(server)) == 2 and found)
    assert victim not in now
    assert send(url, 1, "afterwards")["verdict"] == "not_ok"


def test_with_the_server_its_processes_end(alone: tuple[Path, Any]) -> None:
    with serving(alone[0], *ENGINE) as (_, server):
        own = [psutil.Process(pid) for pid in judging(server)]
        assert len(own) == 2
        server.kill()
        _, left = psutil.wait_procs(own, 60)
        assert not left


def test_a_cluster_that_is_there_already_judges_and_may_go_away(alone: tuple[Path, Any]) -> None:
    # The cluster does not try again with a part whose process died.
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), cluster_of(EngineConfig(kind="dask", workers=1)) as cluster:
        engine = ("--set", f"run.engine={{kind: dask, address: '{cluster.scheduler_address}'}}")
        with station.serving(alone[0], *engine) as (url, server), ThreadPoolExecutor(1) as beside:
            assert not judging(psutil.Process(server.pid))
            sent = beside.submit(send, url, 2, "with its process")
            wait_for(lambda: any(each.processing for each in cluster.scheduler.workers.values()))
            psutil.Process(cluster.workers[0].pid).kill()
            part = sent.result(180)
            assert part["verdict"] == "not_judged"
            assert part["reason"].startswith("the processes that judged it died one after the other")
            assert said(url, "elsewhere") == alone[1]  # by the one that was started in its place
            cluster.close()
            answer = httpx2.post(url + "api/categories/plate/parts", content=plate(5000), timeout=180)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
            assert "no judging process answers" in answer.text
