"""Minutes of bounded load on a real ``eagle serve``, over loopback, from another process than the server's.

Each client sends a part, waits for the answer and sends the next, at once. 503 with Retry-After is no failure: the part is sent again and
counted. Then more parts than the queue has places are sent at once. At the end every part that was acknowledged must be among
those that the station keeps, once. The images are ``station_latency``'s random plates against a bank of full size; no two are
the same file, so that each is written to the disk.

    python -m benchmarks.station_load --minutes 10 --clients 4 --out docs/station_load.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import psutil

from benchmarks.station_latency import fill_bank, plate, project
from eagle_core.written_text import write_json
from tasks.machinery.provenance import git_commit

ROOT = Path(__file__).parent.parent
PATH = "api/categories/plate/parts"
DIFFERENT = 32
"""Plates; what follows the header of a file makes each sent file its own."""
WARM = 5
"""Parts beforehand, one after the other, that are kept like the others and not timed."""
SHOWN = 12
"""Samples of the memory that are written; the slope is over all."""
BURST = 3
"""Times the queue's places are sent at once."""
MIB, GIB = 2**20, 2**30


@dataclass
class Tally:
    """What the clients saw."""

    seconds: list[float] = field(default_factory=list)
    """From sending a part to its acknowledgement, without the attempts that were refused before."""
    acknowledged: dict[str, int] = field(default_factory=dict)
    """Part id by key."""
    verdicts: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    """503 with Retry-After."""
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[str, psutil.Process]]:
    """``eagle serve`` on ``folder``'s params.yaml: address and process, once every category can judge."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "flows.cli.main", "serve", "--port", str(port), *options]
    with (folder / "log").open("ab") as log:
        running = subprocess.Popen(command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}/"
    try:
        while not _judges(url):
            if running.poll() is not None:
                raise RuntimeError(f"eagle serve ended: {(folder / 'log').read_text(encoding='utf-8')}")
            time.sleep(0.1)
        yield url, psutil.Process(running.pid)
    finally:
        running.terminate()
        running.wait(60)


def _judges(url: str) -> bool:
    try:
        return all(category["ready"] for category in httpx2.get(url + "api/categories", timeout=60).json())
    except httpx2.ConnectError:
        return False


def numbered(png: bytes, number: int) -> bytes:
    """The same picture in a file of its own."""
    comment = b"tEXt" + b"number\0" + str(number).encode()
    chunk = (len(comment) - 4).to_bytes(4) + comment + zlib.crc32(comment).to_bytes(4)
    return png[:33] + chunk + png[33:]  # behind signature and header


def send(client: httpx2.Client, url: str, key: str, content: bytes, tally: Tally) -> None:
    """Until it is acknowledged or has failed."""
    headers = {"Idempotency-Key": key, "X-File-Name": key}
    while True:
        began = time.perf_counter()
        try:
            answer = client.post(url + PATH, content=content, headers=headers)
        except httpx2.HTTPError as error:
            with tally.lock:
                tally.failures.append(f"{key}: {type(error).__name__}")
            return
        taken = time.perf_counter() - began
        wait = answer.headers.get("Retry-After")
        with tally.lock:
            if answer.status_code == 201:
                tally.seconds.append(taken)
                part = answer.json()
                tally.acknowledged[key] = part["id"]
                tally.verdicts[part["verdict"]] += 1
                return
            if answer.status_code != 503 or wait is None:
                tally.failures.append(f"{key}: {answer.status_code} {answer.text[:200]}")
                return
            tally.refused += 1
        time.sleep(float(wait))


def load(url: str, process: psutil.Process, seconds: float, clients: int, plates: list[bytes]) -> tuple[Tally, list[tuple[int, float]]]:
    """What clients saw in so many seconds, and (acknowledged parts, MiB of the server) once a second."""
    tally, memory = Tally(), [(0, resident(process))]
    end = time.monotonic() + seconds

    def work(mine: int) -> None:
        with httpx2.Client(timeout=120) as client:
            number = mine
            while time.monotonic() < end:
                send(client, url, f"load-{number}", numbered(plates[number % len(plates)], number), tally)
                number += clients

    working = [threading.Thread(target=work, args=(mine,)) for mine in range(clients)]
    for each in working:
        each.start()
    while any(each.is_alive() for each in working):
        time.sleep(min(1.0, seconds / 20))
        memory.append((len(tally.acknowledged), resident(process)))
    return tally, memory


def burst(url: str, at_once: int, plates: list[bytes]) -> Tally:
    """So many parts at the same moment."""
    tally, gate = Tally(), threading.Barrier(at_once)

    def work(number: int) -> None:
        with httpx2.Client(timeout=120) as client:
            client.get(url + "healthz")  # connected before
            gate.wait()
            send(client, url, f"burst-{number}", numbered(plates[number % len(plates)], -number), tally)

    working = [threading.Thread(target=work, args=(number,)) for number in range(1, at_once + 1)]
    for each in working:
        each.start()
    for each in working:
        each.join()
    return tally


def resident(process: psutil.Process) -> float:
    """MiB of the server and of the processes that it started."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / MIB


def slope(memory: list[tuple[int, float]]) -> float | None:
    """MiB for each 1,000 parts: least squares over what was seen after the first fifth; None where nothing came after it."""
    later = memory[len(memory) // 5 :]
    parts, mib = np.array([each[0] for each in later], float), np.array([each[1] for each in later])
    return float(np.polyfit(parts / 1000, mib, 1)[0]) if np.ptp(parts) > 0 else None


def kept(url: str) -> dict[str, list[int]]:
    """Ids of the parts that the station keeps, by the key they were sent with."""
    found: dict[str, list[int]] = {}
    before: dict[str, int] = {}
    while page := httpx2.get(url + "api/parts", params={"limit": 500, **before}, timeout=120).raise_for_status().json():
        for part in page:
            found.setdefault(part["file_name"], []).append(part["id"])
        before = {"before": page[-1]["id"]}
    return found


def measured(folder: Path, seconds: float, clients: int, queue: int) -> dict[str, Any]:
    """One result."""
    options = ("--set", f"service.queue={queue}")
    project(folder)
    with serving(folder):
        pass  # fitted
    [expert] = (folder / "station/experts").iterdir()
    bank = fill_bank(expert)
    plates = [plate(10_000 + seed) for seed in range(DIFFERENT)]
    with serving(folder, *options) as (url, process):
        first = Tally()
        with httpx2.Client(timeout=120) as client:
            for number in range(WARM):
                send(client, url, f"warm-{number}", plates[number], first)
        began = time.monotonic()
        steady, memory = load(url, process, seconds, clients, plates)
        taken = time.monotonic() - began
        crowd = burst(url, BURST * queue, plates)
        there = kept(url)
    acknowledged = first.acknowledged | steady.acknowledged | crowd.acknowledged
    wall = np.array(steady.seconds or [np.nan]) * 1000
    return {
        "bank": bank,
        "clients": clients,
        "queue": queue,
        "seconds": round(taken, 1),
        "parts": len(steady.acknowledged),
        "parts_per_second": round(len(steady.acknowledged) / taken, 2),
        "wall_ms": {f"p{p}": round(float(np.percentile(wall, p)), 1) for p in (50, 95, 99, 100)},
        "verdicts": dict(steady.verdicts),
        "refused_and_sent_again": steady.refused,
        "failures": first.failures + steady.failures + crowd.failures,
        "burst": {"at_once": BURST * queue, "refused_and_sent_again": crowd.refused, "acknowledged": len(crowd.acknowledged)},
        "acknowledged_and_not_kept_once": sorted(key for key, part in acknowledged.items() if there.get(key) != [part]),
        "kept_and_not_acknowledged": sorted(set(there) - set(acknowledged)),
        "memory_mib": [{"parts": count, "mib": round(mib)} for count, mib in memory[:: max(1, len(memory) // SHOWN)]],
        "memory_mib_per_1000_parts": None if (found := slope(memory)) is None else round(found, 2),
    }


def surroundings() -> dict[str, Any]:
    """Commit, machine, time."""
    cpus = Path("/proc/cpuinfo")
    models = [line.partition(": ")[2] for line in cpus.read_text().splitlines() if line.startswith("model name")] if cpus.exists() else []
    return {
        "commit": git_commit(ROOT),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / GIB, 1),
        "load_before": [round(each, 1) for each in os.getloadavg()],
    }


def main() -> int:
    """Measure, print and write; 1 where a part failed, was lost or is there twice."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--minutes", type=float, default=10)
    asked.add_argument("--clients", type=int, default=4)
    asked.add_argument("--queue", type=int, default=16, help="service.queue")
    asked.add_argument("--folder", type=Path, help="new folder for the station, which is kept; without it a temporary one")
    asked.add_argument("--out", type=Path, help="JSON file to write")
    given = asked.parse_args()
    about = surroundings()
    with tempfile.TemporaryDirectory() if given.folder is None else nullcontext(str(given.folder)) as folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        told = about | measured(Path(folder), given.minutes * 60, given.clients, given.queue)
    print(json.dumps(told, indent=1))
    if given.out is not None:
        write_json(told, given.out)
    return 1 if told["failures"] or told["acknowledged_and_not_kept_once"] or told["kept_and_not_acknowledged"] else 0


if __name__ == "__main__":
    sys.exit(main())
