"""Images from a folder and a video; judged parts to files, a webhook and a real MQTT broker."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from flows.service.app import make_app
from flows.service.security import Access
from tasks.machinery.params import load_params
from tests.conftest import skip_or_fail
from tests.flows.service.conftest import GOOD, plate, wait_for, write_project

pytestmark = [pytest.mark.slow, pytest.mark.server]

SECRET = "a-secret-that-nobody-may-read"


class Receiver(BaseHTTPRequestHandler):
    """Refuses the first request, keeps the others."""

    refused = 0
    received: list[tuple[dict[str, str], bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if Receiver.refused == 0:
            Receiver.refused += 1
            self.send_response(500)
        else:
            Receiver.received.append((dict(self.headers), body))
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook?key={SECRET}"
    server.shutdown()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A real mosquitto on a free port."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        skip_or_fail("there is no mosquitto (Debian: apt install mosquitto)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    settings = tmp_path_factory.mktemp("broker") / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    running = subprocess.Popen([program, "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_for(answers)
    yield port
    running.terminate()
    running.wait(10)


@pytest.fixture(scope="module")
def line(receiver: str, broker: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Path, list[Any]]]:
    """A station with everything attached, its folder, and what the broker's listener heard."""
    import paho.mqtt.client as mqtt

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
        webhook={"url": receiver, "per_minute": 6000},
        mqtt={"host": "127.0.0.1", "port": broker},
        watch=[{"folder": "in", "category": "plate"}],
        camera={"source": str(video), "category": "filmed", "seconds": 0.5},
    )
    shutil.copytree(root / "data/line/plate", root / "data/line/filmed")
    heard: list[Any] = []
    listener = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    listener.on_message = lambda client, data, message: heard.append((message.topic, json.loads(message.payload)))
    listener.connect("127.0.0.1", broker)
    listener.subscribe("eagle/#", qos=1)
    listener.loop_start()
    # Fitted first: a recording is over before a fit is.
    plain = params.with_name("first.yaml")
    plain.write_text(params.read_text().split("service:")[0] + "profiles: {demo: {}}\n")
    with TestClient(make_app(load_params(plain), Access()), base_url="http://localhost") as first:
        wait_for(lambda: all(category["ready"] for category in first.get("/api/categories").json()))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("EAGLE_WEBHOOK_SECRET", SECRET)
        with TestClient(make_app(load_params(params), Access()), base_url="http://localhost") as client:
            yield client, root, heard
    listener.loop_stop()


def test_files_of_a_watched_folder_are_judged_once(line: tuple[TestClient, Path, list[Any]]) -> None:
    client, root, _ = line
    (root / "in/part one.png").write_bytes(plate(1000, blot=True))
    (root / "in/notes.txt").write_text("not an image")
    [part] = wait_for(lambda: client.get("/api/parts", params={"category": "plate"}).json())
    assert (part["file_name"], part["verdict"]) == ("part one.png", "not_ok")
    (root / "in/part one.png").touch()
    (root / "in/part two.png").write_bytes(plate(1))
    wait_for(lambda: len(client.get("/api/parts", params={"category": "plate"}).json()) == 2)
    names = [p["file_name"] for p in client.get("/api/parts", params={"category": "plate"}).json()]
    assert sorted(names) == ["part one.png", "part two.png"]


def test_frames_of_a_video_are_judged_in_its_own_time(line: tuple[TestClient, Path, list[Any]]) -> None:
    client, _, _ = line
    # Two seconds of film, a frame each half second: 0.0, 0.5, 1.0 and 1.5 s.
    parts = wait_for(lambda: len(p := client.get("/api/parts", params={"category": "filmed"}).json()) == 4 and p)
    assert [p["file_name"] for p in parts] == [f"frame-{n:06}.png" for n in (4, 3, 2, 1)]


def test_every_part_reaches_files_webhook_and_broker(line: tuple[TestClient, Path, list[Any]]) -> None:
    client, root, heard = line
    parts = {p["id"]: p for p in client.get("/api/parts", params={"limit": 500}).json()}
    assert parts

    def files() -> list[Path]:
        return [path for path in (root / "out").glob("*.json") if not path.name.startswith("alert-")]

    wait_for(lambda: len(files()) == len(parts))
    for path in files():
        assert json.loads(path.read_text()) == parts[int(path.stem)]

    def rows() -> list[dict[str, str]]:
        with (root / "parts.csv").open(newline="") as file:
            return [row for row in csv.DictReader(file) if row["verdict"] != "alert"]

    wait_for(lambda: len(rows()) == len(parts))
    assert [(int(row["id"]), row["verdict"]) for row in rows()] == [(i, parts[i]["verdict"]) for i in sorted(parts)]

    def published() -> list[tuple[str, int]]:
        return [(topic, told["id"]) for topic, told in heard if not topic.endswith("/alert")]

    wait_for(lambda: len(published()) == len(parts))
    assert set(published()) == {(f"eagle/{p['category']}", i) for i, p in parts.items()}
    wanted = [i for i, p in sorted(parts.items()) if p["verdict"] != "ok"]

    def sent() -> list[int]:
        return [int(headers["X-Eagle-Part"]) for headers, _ in Receiver.received if "X-Eagle-Part" in headers]

    wait_for(lambda: len(sent()) == len(wanted))
    assert Receiver.refused == 1
    assert sent() == wanted
    for headers, body in Receiver.received:
        message = headers["X-Eagle-Timestamp"].encode() + b"." + body
        assert headers["X-Eagle-Signature"] == "sha256=" + hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()


def test_the_secret_is_written_nowhere(line: tuple[TestClient, Path, list[Any]], caplog: pytest.LogCaptureFixture) -> None:
    client, root, heard = line
    written = [p for p in root.rglob("*") if p.is_file() and p.name not in ("params.yaml",) and SECRET.encode() in p.read_bytes()]
    assert not written
    told = json.dumps(heard) + caplog.text + client.get("/metrics").text + client.get("/api/audit").text
    assert SECRET not in told
