"""Tokens, the webhook's secret and the broker's password are planted, used and refused; then everything written is searched."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from flows.service.app import make_app
from flows.service.security import access_for
from tasks.machinery.params import load_params
from tests.flows.service.conftest import GOOD, plate, write_project
from tests.waiting import wait_for

PLANTED = {
    "EAGLE_OPERATOR_TOKEN": "planted-operator-token-1a2b",
    "EAGLE_ENGINEER_TOKEN": "planted-engineer-token-3c4d",
    "EAGLE_WEBHOOK_SECRET": "planted-webhook-secret-5e6f",
    "EAGLE_MQTT_USER": "line",
    "EAGLE_MQTT_PASSWORD": "planted-mqtt-password-7a8b",
}
IN_ADDRESS = "planted-address-key-9c0d"
WRONG = "planted-wrong-token-which-nobody-has"
SECRETS = [value for value in (*PLANTED.values(), IN_ADDRESS, WRONG) if value.startswith("planted")]


def test_no_secret_is_written_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    with socket.socket() as nobody:
        # Bound and never listened on: every delivery fails, and failures are what tells too much.
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        params = write_project(
            tmp_path,
            {"plate": GOOD},
            webhook={"url": f"http://127.0.0.1:{port}/hook?key={IN_ADDRESS}", "verdicts": ["ok", "not_ok"]},
            mqtt={"host": "127.0.0.1", "port": port},
            results_folder="out",
        )
        told = []
        caplog.set_level(logging.INFO)
        with TestClient(make_app(load_params(params), access_for("0.0.0.0")), base_url="http://station.example") as client:
            operator, engineer, wrong = (
                {"Authorization": f"Bearer {token}"}
                for token in (PLANTED["EAGLE_OPERATOR_TOKEN"], PLANTED["EAGLE_ENGINEER_TOKEN"], WRONG)
            )
            told.append(client.get("/api/categories", headers=wrong).text)
            wait_for(lambda: client.get("/api/categories", headers=engineer).json()[0]["ready"])
            for headers in (operator, engineer, wrong):
                answers = [
                    client.post("/api/session", headers=headers),
                    client.post("/api/categories/plate/parts", content=plate(1, blot=True), headers=headers),
                    client.post("/api/categories/plate/thresholds", json={"tau": 1, "name": "x", "by": "y"}, headers=headers),
                    client.post("/api/categories/plate/thresholds", json={"tau": -1}, headers=headers),
                    *(client.get(path, headers=headers) for path in ("/metrics", "/api/audit", "/api/parts", "/api/nothing")),
                ]
                told += [answer.text for answer in answers]
                client.cookies.clear()
            wait_for(lambda: all(word in caplog.text for word in ("webhook: ", "tried again")))
            wait_for(lambda: list((tmp_path / "out").glob("*.json")))
    # The address is the project's own setting: it stands in params.yaml, and nowhere else.
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path != params]
    assert any(path.suffix == ".db" for path in files)
    for secret in SECRETS:
        assert not [path for path in files if secret.encode() in path.read_bytes()], secret
        assert secret not in caplog.text
        assert not [text for text in told if secret in text]
