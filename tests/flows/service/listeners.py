"""Who is told by a station: a receiver of signed requests, and a real mosquitto with somebody who listens to it."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import paho.mqtt.client as mqtt

from tests.conftest import skip_or_fail
from tests.waiting import wait_for

SECRET = "a-secret-that-nobody-may-read"


class Hook:
    """Answers the first request with 500, refuses what is not signed with ``SECRET``, keeps the others."""

    def __init__(self) -> None:
        self.failed, self.refused = 0, 0
        self.received: list[tuple[dict[str, str], dict[str, Any]]] = []
        """(headers, body)."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(outer._take(dict(self.headers), body))
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?key={SECRET}"

    def _take(self, headers: dict[str, str], body: bytes) -> int:
        if not self.failed:
            self.failed += 1
            return 500
        message = headers["X-Eagle-Timestamp"].encode() + b"." + body
        expected = "sha256=" + hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, headers.get("X-Eagle-Signature", "")):
            self.refused += 1
            return 401
        self.received.append((headers, json.loads(body)))
        return 204

    def told(self, *kinds: str) -> list[dict[str, Any]]:
        """Bodies of these kinds, in the order they came."""
        return [body for _, body in list(self.received) if body["kind"] in kinds]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Broker:
    """mosquitto on a port of its own, which may be stopped and started, and what was published there while it listened."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if program is None:
            skip_or_fail("there is no mosquitto (Debian: apt install mosquitto)")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        settings = folder / "mosquitto.conf"
        settings.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._command = [program, "-c", str(settings)]
        self._process: subprocess.Popen[bytes] | None = None
        self._listening = threading.Event()
        self.heard: list[tuple[str, dict[str, Any]]] = []
        """(topic, message)."""
        self._listener = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._listener.reconnect_delay_set(1, 1)
        self._listener.on_connect = lambda client, *_: client.subscribe("eagle/#", qos=1)
        self._listener.on_subscribe = lambda *_: self._listening.set()
        self._listener.on_message = lambda client, data, message: self.heard.append((message.topic, json.loads(message.payload)))

    def start(self) -> None:
        """Until it is listened to."""
        first = self._process is None
        self._listening.clear()
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._answers)
        if first:
            self._listener.connect("127.0.0.1", self.port)
            self._listener.loop_start()  # which connects again by itself
        assert self._listening.wait(60)

    def stop(self) -> None:
        """At once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def told(self, *kinds: str) -> list[dict[str, Any]]:
        """Messages of these kinds, in the order they came."""
        return [told for _, told in list(self.heard) if told["kind"] in kinds]

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.loop_stop()
        self.stop()
