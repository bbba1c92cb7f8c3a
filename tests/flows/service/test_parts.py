"""Parts through the API of a real station: real fits, real judgements, a real database."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from flows.service.app import make_app
from flows.service.security import Access
from tasks.machinery.params import load_params
from tests.flows.service.conftest import GOOD, plate, write_project
from tests.waiting import wait_for


def send(client: TestClient, content: bytes, **headers: str) -> dict:
    answer = client.post("/api/categories/plate/parts", content=content, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_good_part_is_ok_and_a_blot_is_not(client: TestClient) -> None:
    good, bad = send(client, plate(1)), send(client, plate(1000, blot=True))
    assert good["verdict"] == "ok"
    assert good["boxes"] == []
    assert bad["verdict"] == "not_ok"
    assert bad["score"] >= bad["tau"] > good["score"]
    [box, *_] = bad["boxes"]
    assert box["x0"] < 70
    assert box["x1"] > 52
    assert box["y0"] < 60
    assert box["y1"] > 44
    assert f"{GOOD} of {GOOD} good parts scored lower" in bad["reason"]


def test_the_same_key_again_is_the_same_part(client: TestClient) -> None:
    first = send(client, plate(2), **{"Idempotency-Key": "part-2"})
    assert send(client, plate(2), **{"Idempotency-Key": "part-2"}) == first
    other = client.post("/api/categories/plate/parts", content=plate(3), headers={"Idempotency-Key": "part-2"})
    assert other.status_code == 422
    assert "use a new key" in other.json()["detail"]


def test_what_is_no_image_is_kept_as_not_judged(client: TestClient) -> None:
    part = send(client, b"GIF? no", **{"X-File-Name": "b%C3%BCgel.png"})
    assert part["verdict"] == "not_judged"
    assert part["score"] is None
    assert part["file_name"] == "bügel.png"
    assert client.get(f"/api/parts/{part['id']}/image").content == b"GIF? no"
    assert client.get(f"/api/parts/{part['id']}/heat-map").status_code == 404


def test_image_map_and_nearest_good_part_are_shown(client: TestClient, project: Path) -> None:
    sent = plate(1001, blot=True)
    part = send(client, sent)
    assert client.get(f"/api/parts/{part['id']}/image").content == sent
    heat = Image.open(io.BytesIO(client.get(f"/api/parts/{part['id']}/heat-map").content))
    pixels = np.asarray(heat).astype(int)
    assert heat.size == (part["width"], part["height"])
    assert pixels[51, 62, 3] == 255
    row, column = np.unravel_index(pixels[..., :3].sum(axis=2).argmax(), heat.size[::-1])
    # The map's patches are 8 pixels or more: its peak lies within one of the blot (rows 44-59, columns 52-69).
    assert 36 <= row <= 67
    assert 44 <= column <= 77
    nearest = client.get(f"/api/parts/{part['id']}/nearest").content
    assert nearest == (project.parent / "data/line" / part["nearest_image_id"]).read_bytes()


def test_reviews_take_parts_out_of_the_queue(client: TestClient) -> None:
    part = send(client, plate(1002, blot=True))
    queue = [p["id"] for p in client.get("/api/parts", params={"unreviewed": True}).json()]
    assert part["id"] in queue
    said = {"decision": "good", "reason": "a shadow", "reviewer": "Ada"}
    reviewed = client.post(f"/api/parts/{part['id']}/reviews", json=said).json()
    assert {k: reviewed["review"][k] for k in said} == said
    queue = [p["id"] for p in client.get("/api/parts", params={"unreviewed": True}).json()]
    assert part["id"] not in queue
    mine = [p["id"] for p in client.get("/api/parts", params={"reviewer": "Ada"}).json()]
    assert mine == [part["id"]]


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [("/api/categories/nothing/parts", 422, "no fitted expert"), ("/api/categories/plate/parts", 422, "the body is empty")],
)
def test_a_wrong_request_is_told(client: TestClient, path: str, status: int, told: str) -> None:
    answer = client.post(path, content=b"" if "plate" in path else plate(1))
    assert answer.status_code == status
    assert told in answer.json()["detail"]


def test_the_day_is_counted(client: TestClient) -> None:
    for seed in (2000, 2001, 2002):
        send(client, plate(seed, blot=True))
    today = client.get("/api/today").json()
    assert today["alarms_in_a_row"]["plate"] >= 3
    assert today["in_a_row"] == ["plate"]
    counted = sum(h["ok"] + h["look"] + h["not_ok"] + h["not_judged"] for h in today["hours"])
    assert counted == today["parts"] == len(client.get("/api/parts", params={"limit": 500}).json())
    assert client.get("/api/today.csv").text.splitlines()[0] == "hour_utc,category,ok,look,not_ok,not_judged"
    assert 'eagle_parts_total{category="plate",verdict="not_ok"}' in client.get("/metrics").text


def test_a_twelve_bit_camera_is_read_as_its_good_images_are(tmp_path: Path) -> None:
    """Good images whose brightest value is 3,900 of 65,535: read by the file's full range they would be nearly black."""
    params = write_project(tmp_path, {})
    folder = tmp_path / "data/line/deep/train/good"
    folder.mkdir(parents=True)

    def deep(seed: int, *, blot: bool = False) -> bytes:
        wide = np.random.default_rng(seed).normal(2400, 100, (96, 96))
        wide[0, 0] = 3900
        if blot:
            wide[40:62, 50:74] = 1500
        out = io.BytesIO()
        Image.fromarray(wide.clip(0, 4095).astype(np.uint16)).save(out, "PNG")
        return out.getvalue()

    for seed in range(GOOD):
        (folder / f"{seed:03}.png").write_bytes(deep(seed))
    with TestClient(make_app(load_params(params), Access()), base_url="http://localhost") as station:
        wait_for(lambda: station.get("/api/categories").json()[0]["ready"])
        path = "/api/categories/deep/parts"
        assert station.post(path, content=deep(900, blot=True)).json()["verdict"] == "not_ok"
        assert station.post(path, content=deep(901)).json()["verdict"] != "not_ok"
