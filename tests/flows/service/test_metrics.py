"""What Prometheus reads after real judgements, read with Prometheus' own parser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from flows.service.app import make_app
from flows.service.security import Access
from tasks.machinery.params import load_params
from tests.flows.service.conftest import GOOD, plate, write_project
from tests.waiting import wait_for

PATH = "/api/categories/plate/parts"
OF_EVERY_PART = ("store", "wait", "decode", "expert", "check", "persist")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Path]]:
    """A station that asks about what is not OK and takes images from a folder as well."""
    root = tmp_path_factory.mktemp("watched")
    params = write_project(root, {"plate": GOOD}, ask={"mllm": "embedded"}, watch=[{"folder": "in", "category": "plate"}])
    with TestClient(make_app(load_params(params), Access()), base_url="http://localhost") as client:
        wait_for(lambda: client.get("/api/categories").json()[0]["ready"])
        yield client, root


def read(client: TestClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by its name and labels."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def of(found: dict[Any, float], name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


def test_what_is_counted_is_what_was_judged(watched: tuple[TestClient, Path]) -> None:
    client, root = watched
    for seed in range(9):
        client.post(PATH, content=plate(seed), headers={"Idempotency-Key": f"part {seed}"})
    client.post(PATH, content=plate(0), headers={"Idempotency-Key": "part 0"})  # again: not judged, not counted
    client.post(PATH, content=plate(1000, blot=True))
    client.post(PATH, content=b"no image")
    (root / "in/part.png").write_bytes(plate(1001, blot=True))

    def listed() -> list[dict[str, Any]]:
        return client.get("/api/parts", params={"limit": 500}).json()  # type: ignore[no-any-return]

    wait_for(lambda: len(listed()) == 12 and all((p["opinion"] or {}).get("state") != "waiting" for p in listed()))
    parts = listed()
    found = read(client)
    verdicts = Counter(part["verdict"] for part in parts)
    assert verdicts["not_ok"] >= 2
    assert verdicts["not_judged"] == 1
    for verdict, count in verdicts.items():
        assert of(found, "eagle_parts_total", category="plate", verdict=verdict) == count
    assert of(found, "eagle_part_seconds_count") == len(parts)
    asked = sum(part["opinion"] is not None for part in parts)
    assert asked >= 2
    for stage, count in {**dict.fromkeys(OF_EVERY_PART, len(parts)), "mllm": asked}.items():
        assert of(found, "eagle_stage_seconds_count", stage=stage) == count
        buckets = {
            float(dict(labels)["le"]): value
            for (name, labels), value in found.items()
            if name == "eagle_stage_seconds_bucket" and ("stage", stage) in labels
        }
        rising = [buckets[level] for level in sorted(buckets)]
        assert rising == sorted(rising)
        assert rising[-1] == count
    # A part takes at least as long as its stages.
    stages = sum(of(found, "eagle_stage_seconds_sum", stage=stage) for stage in OF_EVERY_PART)
    assert 0 < stages <= of(found, "eagle_part_seconds_sum")
    assert of(found, "eagle_queue_parts") == 0


def test_the_drift_that_is_told_is_the_drift_that_is_shown(watched: tuple[TestClient, Path]) -> None:
    client, _ = watched
    shown = client.get("/api/today").json()["drift"]["plate"]
    effect = ("eagle_drift_effect", frozenset({("category", "plate")}))
    found = wait_for(lambda: (now := read(client)).get(effect) == shown["effect"] and now)
    assert of(found, "eagle_drift_moved", category="plate") == shown["moved"]
