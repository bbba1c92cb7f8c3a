"""Alerts about the line: a row of stopped parts, and drift, as people and sinks are told of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from eagle_core.station.shifts import latest_shifts
from flows.service.app import make_app
from flows.service.security import Access
from tasks.machinery.params import load_params
from tests.flows.service.conftest import GOOD, darker, plate, write_project
from tests.waiting import wait_for

PATH = "/api/categories/plate/parts"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Path]]:
    """A station that tells files, and its folder."""
    root = tmp_path_factory.mktemp("line")
    params = write_project(root, {"plate": GOOD}, results_folder="out", results_csv="parts.csv")
    with TestClient(make_app(load_params(params), Access()), base_url="http://localhost") as client:
        wait_for(lambda: client.get("/api/categories").json()[0]["ready"])
        yield client, root


def alerts(client: TestClient, kind: str) -> list[dict[str, Any]]:
    return [each for each in client.get("/api/alerts").json() if each["kind"] == kind]


def test_three_stopped_in_a_row_are_told_once_and_end(line: tuple[TestClient, Path]) -> None:
    client, root = line
    parts = [client.post(PATH, content=plate(seed, blot=True)).json() for seed in range(2000, 2004)]
    [alert] = wait_for(lambda: alerts(client, "row"))
    assert (alert["category"], alert["since"], alert["ended_at"]) == ("plate", parts[0]["received_at"], None)
    assert "stopped one after the other" in alert["message"]
    client.post(PATH, content=plate(1))
    ended = wait_for(lambda: alerts(client, "row")[0]["ended_at"])
    assert ended > alert["at"]
    told = wait_for(lambda: list((root / "out").glob("alert-*.json")))
    assert json.loads(told[0].read_text())["message"] == alert["message"]

    def rows() -> list[dict[str, str]]:
        with (root / "parts.csv").open(newline="") as file:
            return [row for row in csv.DictReader(file) if row["verdict"] == "alert"]

    [row] = wait_for(rows)
    assert (row["category"], row["reason"], row["id"]) == ("plate", alert["message"], "")


def test_the_lamp_says_what_moved_and_since_when(line: tuple[TestClient, Path]) -> None:
    client, _ = line
    for seed in range(3000, 3040):
        client.post(PATH, content=plate(seed))
    calm = client.get("/api/today").json()["drift"]["plate"]
    assert (calm["moved"], calm["images"], calm["since"]) == (False, 40, None)
    first, *_ = [client.post(PATH, content=darker(seed)).json() for seed in range(4000, 4040)]
    drift = client.get("/api/today").json()["drift"]["plate"]
    assert drift["moved"]
    assert drift["effect"] >= 0.8 > calm["effect"]
    assert drift["since"] == first["received_at"]
    assert "look unlike the good images" in drift["message"]
    [alert] = wait_for(lambda: alerts(client, "drift"))
    assert alert["ended_at"] is None
    for seed in range(5000, 5040):
        client.post(PATH, content=plate(seed))
    assert not client.get("/api/today").json()["drift"]["plate"]["moved"]
    wait_for(lambda: alerts(client, "drift")[0]["ended_at"])


def test_a_shift_is_counted_and_its_parts_are_a_table(line: tuple[TestClient, Path]) -> None:
    client, _ = line
    now, *before = client.get("/api/shifts").json()
    assert before[0]["until"] == now["since"]
    parts = client.get("/api/parts", params={"limit": 500}).json()
    present = [p for p in parts if datetime.fromisoformat(p["received_at"]) >= datetime.fromisoformat(now["since"])]
    assert client.get("/api/today", params=now).json()["parts"] == len(present)
    rows = list(csv.DictReader(io.StringIO(client.get("/api/parts.csv", params=now).text)))
    assert [int(row["id"]) for row in rows] == [p["id"] for p in present]
    old = {"since": "2001-01-01T06:00:00Z", "until": "2001-01-01T14:00:00Z"}
    assert client.get("/api/today", params=old).json()["parts"] == 0


def test_shifts_begin_by_the_clock() -> None:
    night = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
    found = latest_shifts((time(22), time(6), time(14)), night, 3)
    assert [(begin.day, begin.hour, end.day, end.hour) for begin, end in found] == [(24, 22, 25, 6), (24, 14, 24, 22), (24, 6, 24, 14)]
    [(begin, end)] = latest_shifts((time(6),), datetime(2026, 11, 25, 6, 0, tzinfo=ZoneInfo("UTC")), 1)
    assert (begin.isoformat(), end.isoformat()) == ("2026-11-25T06:00:00+00:00", "2026-11-26T06:00:00+00:00")
