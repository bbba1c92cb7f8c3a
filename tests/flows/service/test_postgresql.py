"""The station on a real PostgreSQL: judged, reviewed, exported, backed up, restored; the database restarted in between."""

from __future__ import annotations

import contextlib
import csv
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from flows.cli.station import app
from flows.service.app import make_app
from flows.service.security import Access
from tasks.machinery.params import load_params
from tasks.station.database import Database
from tests.flows.service.conftest import GOOD, plate, serving, write_project
from tests.flows.service.postgresql import PASSWORD, Server, running
from tests.tasks.test_station_schema import there_and_back
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.server]

SENDERS = 4
PARTS = 16


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def params(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("line")
    return write_project(root, {"plate": GOOD}, database=server.database("line"), results_folder="out", queue=64)


@pytest.fixture(scope="module")
def url(params: Path) -> Iterator[str]:
    with serving(params.parent) as (found, _):
        yield found


def post(url: str, content: bytes, key: str) -> httpx2.Response:
    return httpx2.post(url + "api/categories/plate/parts", content=content, headers={"Idempotency-Key": key}, timeout=60)


def listed(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx2.get(url + "api/parts?limit=500").raise_for_status().json()
    return found


def test_migrations_go_up_and_down(server: Server) -> None:
    there_and_back(server.database("migrated"))


def test_parts_that_come_at_once_are_kept_once_each(server: Server, url: str) -> None:
    answers: dict[str, set[int]] = {}
    lock = threading.Lock()

    def send() -> None:
        for number in range(PARTS):  # every sender sends every part
            part = post(url, plate(number, blot=number % 8 == 0), f"part {number}").raise_for_status().json()
            with lock:
                answers.setdefault(f"part {number}", set()).add(part["id"])

    senders = [threading.Thread(target=send) for _ in range(SENDERS)]
    for each in senders:
        each.start()
    for each in senders:
        each.join()
    assert len(answers) == PARTS
    kept = dict(server.rows("line", "select idempotency_key, id from part"))
    assert answers == {key: {part} for key, part in kept.items()}
    assert {part["id"]: part["verdict"] for part in listed(url)}[kept["part 8"]] == "not_ok"


def test_a_restart_of_the_database_is_outlived(server: Server, url: str, params: Path) -> None:
    before = listed(url)
    server.stop()
    try:
        refused = post(url, plate(100), "while it is away")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert "the station's database does not answer" in refused.json()["detail"]
        assert httpx2.get(url + "healthz").status_code == 503
    finally:
        server.start()
    stopped = [post(url, plate(100 + n, blot=True), f"after {n}").raise_for_status().json() for n in range(3)]
    assert listed(url)[3:] == before
    # What runs beside the requests goes on too: the alert is opened, and told.
    [alert] = wait_for(lambda: [a for a in httpx2.get(url + "api/alerts").json() if a["kind"] == "row"])
    assert alert["since"] == stopped[0]["received_at"]
    told = wait_for(lambda: list((params.parent / "out").glob("alert-*.json")))
    assert json.loads(told[0].read_text())["message"] == alert["message"]
    wait_for(lambda: (params.parent / f"out/{stopped[-1]['id']:08d}.json").is_file())


def test_reviewed_parts_are_exported(url: str, params: Path, tmp_path: Path) -> None:
    part = post(url, plate(8, blot=True), "part 8").json()
    said = {"decision": "defective", "reason": "a blot", "reviewer": "Ada"}
    assert httpx2.post(url + f"api/parts/{part['id']}/reviews", json=said).json()["review"]["reviewer"] == "Ada"
    done = CliRunner().invoke(app, ["export", str(tmp_path / "lot"), "--params", str(params)])
    assert done.exit_code == 0, done.output
    with (tmp_path / "lot/reviews.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["decision"], row["verdict"]) == ("defective", "not_ok")
    assert (tmp_path / "lot/plate/test" / row["image"]).read_bytes() == plate(8, blot=True)


def test_a_backup_is_a_station_again_in_either_kind_of_database(server: Server, url: str, params: Path, tmp_path: Path) -> None:
    tar = tmp_path / "night.tar"
    done = CliRunner().invoke(app, ["backup", str(tar), "--params", str(params)])
    assert done.exit_code == 0, done.output
    expected = listed(url)
    here = httpx2.get(url + "api/categories/plate").json()
    for name, database in (("file", None), ("server", server.database("restored"))):
        target = {"service.folder": str(tmp_path / name), "service.database": database, "service.results_folder": None}
        chosen = [f"--set={key}={'null' if value is None else value}" for key, value in target.items()]
        done = CliRunner().invoke(app, ["restore", str(tar), "--params", str(params), *chosen])
        assert done.exit_code == 0, done.output
        assert CliRunner().invoke(app, ["restore", str(tar), "--params", str(params), *chosen]).exit_code != 0
        with TestClient(make_app(load_params(params, overrides=target), Access()), base_url="http://localhost") as restored:
            assert restored.get("/api/parts", params={"limit": 500}).json() == expected
            assert restored.get("/api/categories/plate").json() == here
            assert restored.get(f"/api/parts/{expected[-1]['id']}/image").content == plate(0, blot=True)
            more = restored.post("/api/categories/plate/parts", content=plate(300)).json()
            assert more["id"] == expected[0]["id"] + 1


def test_who_reads_on_from_the_last_number_misses_none(server: Server) -> None:
    """Two transactions take numbers; the later number must not be seen before the earlier one."""
    address = server.database("ordered")
    database = Database(address)
    insert = sqlalchemy.text("insert into alert (at, category, kind, message, since) values (now(), :name, 'row', '', now())")
    began, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with database.transaction(in_order=True) as session:
            session.execute(insert, {"name": "first"})
            began.set()
            go_on.wait(60)

    def second() -> None:
        with database.transaction(in_order=True) as session:
            session.execute(insert, {"name": "second"})

    with closing(database):
        threads = [threading.Thread(target=first), threading.Thread(target=second)]
        threads[0].start()
        began.wait(60)
        threads[1].start()
        wait_for(lambda: server.rows("ordered", "select 1 from pg_locks where locktype = 'advisory' and not granted"))
        assert server.rows("ordered", "select category from alert") == []
        go_on.set()
        for each in threads:
            each.join(60)
    assert server.rows("ordered", "select category from alert order by id") == [("first",), ("second",)]


def test_the_password_is_written_nowhere(url: str, params: Path) -> None:
    assert url
    with contextlib.suppress(FileNotFoundError):
        written = [p for p in params.parent.rglob("*") if p.is_file() and p != params and PASSWORD.encode() in p.read_bytes()]
        assert not written
