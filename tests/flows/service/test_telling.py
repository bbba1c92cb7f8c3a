"""What is said of a part after its verdict, an MLLM's opinion and a person's word, arrives where the part was told."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from flows.service.app import make_app
from flows.service.security import Access
from tasks.machinery.params import load_params
from tests.flows.service.conftest import GOOD, plate, write_project
from tests.flows.service.listeners import SECRET, Broker, Hook
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.server]

PATH = "/api/categories/plate/parts"
OLD_COLUMNS = "id,received_at,category,file_name,verdict,score,tau,warn_tau,reason"


@pytest.fixture(scope="module")
def line(hook: Hook, broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Path]]:
    """A station that asks an MLLM about what is not OK and tells everybody; its CSV was begun by an older version."""
    root = tmp_path_factory.mktemp("line")
    (root / "parts.csv").write_text(OLD_COLUMNS + "\r\n")
    params = write_project(
        root,
        {"plate": GOOD},
        ask={"mllm": "embedded"},
        results_folder="out",
        results_csv="parts.csv",
        webhook={"url": hook.url, "per_minute": 6000},
        mqtt={"host": "127.0.0.1", "port": broker.port},
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("EAGLE_WEBHOOK_SECRET", SECRET)
        with TestClient(make_app(load_params(params), Access()), base_url="http://localhost") as client:
            wait_for(lambda: client.get("/api/categories").json()[0]["ready"])
            yield client, root


def about(told: list[dict[str, Any]], part: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in told if each["id"] == part["id"]]


def test_the_opinion_follows_the_part(line: tuple[TestClient, Path], hook: Hook, broker: Broker) -> None:
    client, root = line
    part = client.post(PATH, content=plate(1000, blot=True)).json()
    assert part["opinion"]["state"] == "waiting"
    [opinion] = wait_for(lambda: about(hook.told("opinion"), part))
    assert opinion["opinion"]["state"] == "answered"
    now = client.get(f"/api/parts/{part['id']}").json()
    assert opinion == now | {"kind": "opinion", "update": opinion["update"]}
    # Before it, the part itself.
    assert [told["kind"] for told in about(hook.told("part", "opinion"), part)] == ["part", "opinion"]
    [headers] = [headers for headers, body in hook.received if body == opinion]
    named = {key: headers[f"X-Eagle-{key}"] for key in ("Kind", "Part", "Update")}
    assert named == {"Kind": "opinion", "Part": str(part["id"]), "Update": str(opinion["update"])}
    wait_for(lambda: ("eagle/plate/opinion", opinion) in broker.heard)
    file = root / f"out/{part['id']:08d}.json"
    assert wait_for(lambda: (told := json.loads(file.read_text()))["kind"] == "opinion" and told) == opinion


def test_a_persons_word_follows_where_the_verdict_was_wanted_or_is_overruled(
    line: tuple[TestClient, Path], hook: Hook, broker: Broker
) -> None:
    client, root = line
    confirmed, missed = (client.post(PATH, content=plate(seed)).json() for seed in (1, 2))
    stopped = client.post(PATH, content=plate(1001, blot=True)).json()
    said = [(confirmed, "good"), (missed, "defective"), (stopped, "good"), (stopped, "defective")]
    for part, decision in said:
        client.post(f"/api/parts/{part['id']}/reviews", json={"decision": decision, "reviewer": "Ada"})
    wait_for(lambda: len(broker.told("review")) == len(said))
    assert {topic for topic, told in broker.heard if told["kind"] == "review"} == {"eagle/plate/review"}
    wait_for(lambda: len(hook.told("review")) == 3)
    # The OK part that is OK is none of the webhook's business; the one that is defective is.
    assert about(hook.told("part", "review"), confirmed) == []
    [overruled] = about(hook.told("part", "review"), missed)
    assert (overruled["kind"], overruled["verdict"], overruled["review"]["decision"]) == ("review", "ok", "defective")
    assert [told["kind"] for told in about(hook.told("part", "review"), stopped)] == ["part", "review", "review"]
    assert about(hook.told("review"), stopped)[-1]["review"]["decision"] == "defective"
    assert (hook.failed, hook.refused) == (1, 0)

    def rows() -> list[str]:
        with (root / "parts.csv").open(newline="") as file:
            return [row["id"] for row in csv.DictReader(file)]

    # The part, its opinion, and both reviews; in the columns that the file has.
    wait_for(lambda: rows().count(str(stopped["id"])) == 4)
    assert (root / "parts.csv").read_text().splitlines()[0] == OLD_COLUMNS


def test_what_a_broker_missed_is_told_when_it_is_back(line: tuple[TestClient, Path], broker: Broker) -> None:
    client, _ = line
    broker.stop()
    part = client.post(PATH, content=plate(3)).json()
    client.post(f"/api/parts/{part['id']}/reviews", json={"decision": "unsure"})
    assert about(broker.told("part", "review"), part) == []
    broker.start()
    kinds = wait_for(lambda: (told := [each["kind"] for each in about(broker.told("part", "review"), part)])[-1:] == ["review"] and told)
    assert kinds[0] == "part"
