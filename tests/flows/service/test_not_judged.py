"""What ``eagle inspect`` refuses to judge, and warns of, the station refuses and warns of too: compared with its command."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image, ImageFilter
from typer.testing import CliRunner

from flows.cli.main import app as commands
from flows.service.app import make_app
from flows.service.security import Access
from tasks.machinery.params import load_params
from tests.flows.service.conftest import GOOD, SIDE, plate, write_project
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def warning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Path]]:
    """A station whose threshold has a warning level, and its params.yaml."""
    rule = {"method": "conformal", "false_alarm_rate": 0.05, "warn_rate": 0.5}
    params = write_project(tmp_path_factory.mktemp("warning"), {"plate": GOOD}, threshold=rule)
    with TestClient(make_app(load_params(params), Access()), base_url="http://localhost") as client:
        wait_for(lambda: client.get("/api/categories").json()[0]["ready"])
        yield client, params


def as_png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def unlike() -> dict[str, bytes]:
    """Images that are none of a plate, by the first word of why."""
    blurred = Image.open(io.BytesIO(plate(1))).filter(ImageFilter.GaussianBlur(4))
    stripes = np.tile(np.where(np.arange(SIDE) // 12 % 2, 190, 110).astype(np.uint8), (SIDE, 1))
    grain = np.random.default_rng(0).normal(0, 6, (SIDE, SIDE))
    return {
        "blank": as_png(Image.new("RGB", (SIDE, SIDE), (150, 150, 150))),
        "white (saturated)": as_png(Image.fromarray(np.where(grain > 9, 200, 255).astype(np.uint8)).convert("RGB")),
        "blurred": as_png(Image.blend(blurred, Image.open(io.BytesIO(plate(1))), 0.15)),
        "another size": as_png(Image.open(io.BytesIO(plate(1))).resize((SIDE * 4, SIDE * 4))),
        "another scene": as_png(Image.fromarray((stripes + grain).clip(0, 255).astype(np.uint8)).convert("RGB")),
    }


def test_station_and_inspect_say_the_same(warning: tuple[TestClient, Path], tmp_path: Path) -> None:
    client, params = warning
    images = {**unlike(), **{f"good{seed}": plate(seed) for seed in range(500, 520)}, "blot": plate(7, blot=True)}
    for name, content in images.items():
        (tmp_path / f"{name}.png").write_bytes(content)
    out = tmp_path / "verdicts"
    command = ["inspect", str(tmp_path), "-c", "plate", "--params", str(params), "--out", str(out)]
    done = CliRunner().invoke(commands, command)
    assert done.exit_code == 3, done.output
    told = {json.loads(p.read_text())["image"]: json.loads(p.read_text()) for p in out.glob("*.json")}
    words = set()
    for name, content in images.items():
        part = client.post("/api/categories/plate/parts", content=content).json()
        inspected = told[str(tmp_path / f"{name}.png")]
        expert = inspected["expert"]
        assert (part["tau"], part["warn_tau"]) == (expert["tau"], expert["tau_warn"])
        if inspected["verdict"] == "not judged":
            assert (part["verdict"], part["reason"]) == ("not_judged", inspected["reason"])
            assert part["score"] is None
        else:
            expected = "not_ok" if inspected["verdict"] == "defective" else "look" if expert["warning"] else "ok"
            assert (part["verdict"], round(part["score"], 4)) == (expected, round(expert["score"], 4))
        words.add(part["verdict"])
    assert words == {"ok", "look", "not_ok", "not_judged"}


@pytest.mark.parametrize("why", list(unlike()))
def test_what_is_no_plate_waits_for_a_person_with_the_reason(warning: tuple[TestClient, Path], why: str) -> None:
    client, _ = warning
    part = client.post("/api/categories/plate/parts", content=unlike()[why]).json()
    assert part["verdict"] == "not_judged"
    assert part["reason"].startswith(f"{why}: ")
    queue = client.get("/api/parts", params={"unreviewed": True, "limit": 500}).json()
    assert part["id"] in {each["id"] for each in queue}


def test_one_may_let_it_judge_all_the_same(warning: tuple[TestClient, Path]) -> None:
    _, params = warning
    config = load_params(params, overrides={"judging.unlike": "judge"})
    with TestClient(make_app(config, Access()), base_url="http://localhost") as client:
        part = client.post("/api/categories/plate/parts", content=unlike()["another scene"]).json()
    assert part["verdict"] == "not_ok"
