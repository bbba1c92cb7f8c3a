"""Images from a folder and a video; judged parts to files, a webhook and a real MQTT broker."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from flows.service.app import make_app
from flows.service.security import Access
from tasks.machinery.params import load_params
from tests.flows.service.conftest import GOOD, darker, plate, write_project
from tests.flows.service.listeners import SECRET, Broker, Hook
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.server]


@pytest.fixture(scope="module")
def line(hook: Hook, broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Path]]:
    """A station with everything attached, and its folder."""
    root = tmp_path_factory.mktemp("line")
    video = root / "film.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"MJPG"), 10, (96, 96))
    for seed in range(20):
        writer.write(cv2.imdecode(np.frombuffer(plate(seed), np.uint8), cv2.IMREAD_COLOR))
    writer.release()
    params = write_project(
        root,
        {"plate": GOOD},
        results_folder="out",
        results_csv="parts.csv",
        webhook={"url": hook.url, "per_minute": 6000},
        mqtt={"host": "127.0.0.1", "port": broker.port},
        watch=[{"folder": "in", "category": "plate"}],
        camera={"source": str(video), "category": "filmed", "seconds": 0.5},
    )
    shutil.copytree(root / "data/line/plate", root / "data/line/filmed")
    # Fitted first: a recording is over before a fit is.
    plain = params.with_name("first.yaml")
    plain.write_text(params.read_text().split("service:")[0] + "profiles: {demo: {}}\n")
    with TestClient(make_app(load_params(plain), Access()), base_url="http://localhost") as first:
        wait_for(lambda: all(category["ready"] for category in first.get("/api/categories").json()))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("EAGLE_WEBHOOK_SECRET", SECRET)
        with TestClient(make_app(load_params(params), Access()), base_url="http://localhost") as client:
            yield client, root


def test_files_of_a_watched_folder_are_judged_once(line: tuple[TestClient, Path]) -> None:
    client, root = line
    (root / "in/part one.png").write_bytes(plate(1000, blot=True))
    (root / "in/notes.txt").write_text("not an image")
    [part] = wait_for(lambda: client.get("/api/parts", params={"category": "plate"}).json())
    assert (part["file_name"], part["verdict"]) == ("part one.png", "not_ok")
    (root / "in/part one.png").touch()
    (root / "in/part two.png").write_bytes(plate(1))
    wait_for(lambda: len(client.get("/api/parts", params={"category": "plate"}).json()) == 2)
    names = [p["file_name"] for p in client.get("/api/parts", params={"category": "plate"}).json()]
    assert sorted(names) == ["part one.png", "part two.png"]


def test_frames_of_a_video_are_judged_in_its_own_time(line: tuple[TestClient, Path]) -> None:
    client, _ = line
    # Two seconds of film, a frame each half second: 0.0, 0.5, 1.0 and 1.5 s.
    parts = wait_for(lambda: len(p := client.get("/api/parts", params={"category": "filmed"}).json()) == 4 and p)
    assert [p["file_name"] for p in parts] == [f"frame-{n:06}.png" for n in (4, 3, 2, 1)]


def test_every_part_reaches_files_webhook_and_broker(line: tuple[TestClient, Path], hook: Hook, broker: Broker) -> None:
    client, root = line
    parts = {p["id"]: p | {"kind": "part", "update": None} for p in client.get("/api/parts", params={"limit": 500}).json()}
    assert parts

    def files() -> list[Path]:
        return [path for path in (root / "out").glob("*.json") if not path.name.startswith("alert-")]

    wait_for(lambda: len(files()) == len(parts))
    for path in files():
        assert json.loads(path.read_text()) == parts[int(path.stem)]

    def rows() -> list[dict[str, str]]:
        return [row for row in lines(root) if row["kind"] == "part"]

    wait_for(lambda: len(rows()) == len(parts))
    assert [(int(row["id"]), row["verdict"]) for row in rows()] == [(i, parts[i]["verdict"]) for i in sorted(parts)]
    wait_for(lambda: len(broker.told("part")) == len(parts))
    topics = [(topic, told["id"]) for topic, told in broker.heard if told["kind"] == "part"]
    assert set(topics) == {(f"eagle/{p['category']}", i) for i, p in parts.items()}
    wanted = [p for _, p in sorted(parts.items()) if p["verdict"] != "ok"]
    wait_for(lambda: len(hook.told("part")) == len(wanted))
    assert hook.told("part") == wanted
    assert [int(headers["X-Eagle-Part"]) for headers, body in hook.received if body["kind"] == "part"] == [p["id"] for p in wanted]
    assert (hook.failed, hook.refused) == (1, 0)


def lines(root: Path) -> list[dict[str, str]]:
    with (root / "parts.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_three_stopped_in_a_row_are_told(line: tuple[TestClient, Path], hook: Hook, broker: Broker) -> None:
    client, root = line
    client.post("/api/categories/plate/parts", content=plate(1))
    before = len(hook.told("row"))
    first, *_ = [client.post("/api/categories/plate/parts", content=plate(n, blot=True)).json() for n in range(2000, 2003)]
    alert = wait_for(lambda: [a for a in hook.told("row")[before:] if a["since"] == first["received_at"]])[0]
    assert (alert["category"], alert["ended_at"]) == ("plate", None)
    assert "3 parts were stopped one after the other" in alert["message"]
    [headers] = [headers for headers, body in hook.received if body == alert]
    assert (headers["X-Eagle-Kind"], headers["X-Eagle-Alert"]) == ("row", str(alert["id"]))
    wait_for(lambda: ("eagle/plate/alert", alert) in broker.heard)
    row = wait_for(lambda: [r for r in lines(root) if r["kind"] == "row" and r["reason"] == alert["message"]])[0]
    assert (row["verdict"], row["id"]) == ("alert", "")


def test_the_drift_lamp_is_told(line: tuple[TestClient, Path], hook: Hook, broker: Broker) -> None:
    client, _ = line
    first, *_ = [client.post("/api/categories/plate/parts", content=darker(seed)).json() for seed in range(4000, 4040)]
    [alert] = wait_for(lambda: hook.told("drift"))
    assert alert["category"] == "plate"
    assert "look unlike the good images" in alert["message"]
    assert wait_for(lambda: broker.told("drift")) == [alert]


def test_the_secret_is_written_nowhere(line: tuple[TestClient, Path], broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    client, root = line
    written = [p for p in root.rglob("*") if p.is_file() and p.name not in ("params.yaml",) and SECRET.encode() in p.read_bytes()]
    assert not written
    told = json.dumps(broker.heard) + caplog.text + client.get("/metrics").text + client.get("/api/audit").text
    assert SECRET not in told
