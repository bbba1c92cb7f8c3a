"""Thresholds and experts through the API: new versions, switching, the way back, learning from false alarms."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient

from tests.flows.service.conftest import GOOD, job_done, plate


def test_a_threshold_is_tried_kept_switched_on_and_taken_back(client: TestClient) -> None:
    category = client.get("/api/categories/plate").json()
    scores = category["good_scores"]
    assert len(scores) == GOOD
    tau = (scores[-3] + scores[-4]) / 2
    preview = client.get("/api/categories/plate/thresholds/preview", params={"tau": tau}).json()
    stopped = preview["good_parts_stopped"]
    # Wilson's interval of 3 of 24: centre (3 + 1.96**2 / 2) / (24 + 1.96**2) = 0.1767, half width 0.1334.
    assert (stopped["count"], stopped["total"]) == (3, GOOD)
    assert abs(stopped["low"] - 0.0434) < 1e-3
    assert abs(stopped["high"] - 0.3100) < 1e-3
    wanted = {"tau": tau, "name": "stricter", "note": "for customer B", "by": "Grace"}
    made = client.post("/api/categories/plate/thresholds", json=wanted).json()
    assert made["active"]
    assert client.get("/api/categories/plate").json()["tau"] == tau
    before = category["threshold_version"]
    client.post(f"/api/thresholds/{before}/switch")
    assert client.get("/api/categories/plate").json()["tau"] == category["tau"]
    changes = [(line["what"], line["who"]) for line in client.get("/api/audit").json()]
    assert changes[:3] == [("switched", "engineer"), ("switched", "Grace"), ("threshold added", "Grace")]


def test_levels_that_contradict_each_other_are_refused(client: TestClient) -> None:
    wanted = {"tau": 1.0, "warn_tau": 2.0, "name": "upside down"}
    answer = client.post("/api/categories/plate/thresholds", json=wanted)
    assert answer.status_code == 422
    assert "must not exceed" in answer.json()["detail"]


def test_a_false_alarm_is_learnt_from_and_the_new_expert_waits_to_be_switched_on(client: TestClient) -> None:
    unusual = plate(1000, blot=True)
    part = client.post("/api/categories/plate/parts", content=unusual).json()
    client.post(f"/api/parts/{part['id']}/reviews", json={"decision": "good"})
    before = client.get("/api/categories/plate").json()
    job = client.post("/api/categories/plate/fits", json={"part_ids": [part["id"]], "note": "blots are fine"}).json()
    assert job_done(client, job["id"])["expert_version"] != before["expert_version"]
    assert client.get("/api/categories/plate").json()["expert_version"] == before["expert_version"]
    newest = client.get("/api/categories/plate/thresholds").json()[0]
    assert newest["images"] == GOOD + 1
    compared = client.get("/api/categories/plate/comparison", params={"threshold": newest["id"]}).json()
    assert compared["now"]["confirmed_good_stopped"]["count"] >= 1
    assert compared["other"]["confirmed_good_stopped"]["count"] < compared["now"]["confirmed_good_stopped"]["count"]
    client.post(f"/api/thresholds/{newest['id']}/switch")
    assert client.post("/api/categories/plate/parts", content=unusual).json()["verdict"] == "ok"
    client.post(f"/api/thresholds/{before['threshold_version']}/switch")


def test_a_new_category_is_made_of_good_images(client: TestClient) -> None:
    for seed in range(300, 320):
        added = client.post("/api/categories/new plate/images", content=plate(seed)).json()
        assert len(added["added"]) == 1
    again = client.post("/api/categories/new plate/images", content=plate(300), headers={"X-File-Name": "twice.png"}).json()
    assert again == {"added": [], "repeated": ["twice.png"], "unreadable": []}
    broken = client.post("/api/categories/new plate/images", content=b"\x89PNG broken").json()
    assert len(broken["unreadable"]) == 1
    assert client.get("/api/categories/new plate/findings").json() == []
    job = client.post("/api/categories/new plate/fits", json={}).json()
    job_done(client, job["id"])
    assert client.post("/api/categories/new plate/parts", content=plate(900, blot=True)).json()["verdict"] == "not_ok"


def test_a_name_that_is_no_folder_is_refused(client: TestClient, project: Path) -> None:
    answer = client.post("/api/categories/..%2F..%2Fetc/images", content=plate(1))
    assert answer.status_code in (404, 405, 422)
    assert not list(project.parent.rglob("etc"))
