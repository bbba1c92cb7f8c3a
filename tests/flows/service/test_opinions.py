"""An MLLM that is asked about parts after their verdict is out, and batches; the packaged MLLM, really asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient

from eagle_core.errors import ConfigurationError
from flows.service.app import make_app
from flows.service.security import Access
from tasks.machinery.params import load_params
from tasks.station.schema import Opinion
from tests.flows.service.conftest import GOOD, plate, write_project
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Path]]:
    """A station that asks about every part that is not OK."""
    params = write_project(tmp_path_factory.mktemp("asking"), {"plate": GOOD}, ask={"mllm": "embedded"}, queue=2)
    with TestClient(make_app(load_params(params), Access()), base_url="http://localhost") as client:
        wait_for(lambda: client.get("/api/categories").json()[0]["ready"])
        yield client, params


def test_the_verdict_is_out_before_the_mllm_is_asked_and_its_word_comes_as_an_update(asking: tuple[TestClient, Path]) -> None:
    client, _ = asking
    part = client.post("/api/categories/plate/parts", content=plate(1000, blot=True)).json()
    assert (part["verdict"], part["opinion"]["state"]) == ("not_ok", "waiting")
    path = f"/api/parts/{part['id']}"
    said = wait_for(lambda: (o := client.get(path).json()["opinion"])["state"] != "waiting" and o)
    assert (said["state"], said["mllm"], said["stand_in"], said["error"]) == ("answered", "embedded", True, None)
    assert 0 <= said["p_defect"] <= 1
    assert said["defective"] == (said["p_defect"] >= 0.5)
    # A stand-in's word never counts against the expert's.
    assert said["against"] is None
    assert client.get(path).json()["verdict"] == "not_ok"


def test_nobody_is_asked_about_what_is_ok_or_not_judged(asking: tuple[TestClient, Path]) -> None:
    client, _ = asking
    assert client.post("/api/categories/plate/parts", content=plate(1)).json()["opinion"] is None
    assert client.post("/api/categories/plate/parts", content=b"no image").json()["opinion"] is None


def test_a_part_that_waits_is_asked_about_after_a_restart(asking: tuple[TestClient, Path]) -> None:
    client, params = asking
    part = client.post("/api/categories/plate/parts", content=plate(1001, blot=True)).json()
    wait_for(lambda: client.get(f"/api/parts/{part['id']}").json()["opinion"]["state"] == "answered")
    with client.app.state.context.station.database.transaction() as session:  # type: ignore[attr-defined]
        session.get_one(Opinion, part["id"]).state = "waiting"
    with TestClient(make_app(load_params(params), Access()), base_url="http://localhost") as again:
        wait_for(lambda: again.get(f"/api/parts/{part['id']}").json()["opinion"]["state"] == "answered")


def test_a_part_that_an_mllm_speaks_against_waits_to_be_looked_at(asking: tuple[TestClient, Path]) -> None:
    client, _ = asking
    part = client.post("/api/categories/plate/parts", content=plate(2)).json()
    with client.app.state.context.station.database.transaction() as session:  # type: ignore[attr-defined]
        session.add(Opinion(part_id=part["id"], mllm="seer", state="answered", defective=True, against="a scratch"))
    [queued] = [p for p in client.get("/api/parts", params={"unreviewed": True}).json() if p["id"] == part["id"]]
    assert (queued["verdict"], queued["opinion"]["against"]) == ("ok", "a scratch")


def test_a_batch_has_a_result_for_each_image(asking: tuple[TestClient, Path]) -> None:
    client, _ = asking
    images = {"good.png": plate(3), "blot.png": plate(1002, blot=True), "notes.txt": b"hello", "fine.png": plate(4)}
    files = [("images", (name, content, "image/png")) for name, content in images.items()]
    path, key = "/api/categories/plate/batches", {"Idempotency-Key": "tray 1"}
    answers = client.post(path, files=files, headers=key).json()
    assert [a["file_name"] for a in answers] == list(images)
    assert [a["part"]["verdict"] for a in answers] == ["ok", "not_ok", "not_judged", "ok"]
    again = client.post(path, files=files, headers=key).json()
    assert [a["part"]["id"] for a in again] == [a["part"]["id"] for a in answers]
    files[0] = ("images", ("good.png", plate(5), "image/png"))
    mixed = client.post(path, files=files, headers=key).json()
    assert "use a new key" in mixed[0]["error"]
    assert mixed[1]["part"]["id"] == answers[1]["part"]["id"]
    assert client.post(path, content=b"plain").status_code == 422
    assert client.post(path, data={"images": "words"}).status_code == 422


def test_whom_the_station_does_not_know_it_cannot_ask(asking: tuple[TestClient, Path], tmp_path: Path) -> None:
    _, params = asking
    wrong = yaml.safe_load(params.read_text())
    wrong["service"]["ask"] = {"mllm": "nobody"}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(wrong))
    with pytest.raises(ConfigurationError, match="service.ask.mllm 'nobody' is unknown; there are: embedded"):
        load_params(tmp_path / "params.yaml")
