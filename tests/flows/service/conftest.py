"""A station over a made category: grey plates with a soft grain and a recess; the defective ones carry a dark blot."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import yaml
from fastapi.testclient import TestClient
from PIL import Image

from flows.service.app import make_app
from flows.service.security import Access
from tasks.machinery.params import load_params
from tests import forks
from tests.flows.service.listeners import Broker, Hook
from tests.waiting import wait_for

SIDE = 96
GOOD = 24


def plate(seed: int, *, blot: bool = False) -> bytes:
    """A PNG of one plate: its light and the place of its recess vary, as they do on a line."""
    generator = np.random.default_rng(seed)
    down, right = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    light, across, along = generator.normal(0, (10, 16, 16))
    pixels = 150 + (light + across * right + along * down)[..., None] + 6 * generator.standard_normal((SIDE, SIDE, 3))
    row, column = generator.integers(12, 20, 2)
    pixels[row : row + 10, column : column + 10] -= 70
    if blot:
        pixels[44:60, 52:70] = 20
    out = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def darker(seed: int) -> bytes:
    """A good plate under a weaker lamp."""
    out = io.BytesIO()
    Image.open(io.BytesIO(plate(seed))).point(lambda value: int(value * 0.8)).save(out, "PNG")
    return out.getvalue()


def write_project(root: Path, categories: dict[str, int], threshold: dict[str, Any] | None = None, **service: Any) -> Path:
    """params.yaml and good images; returns the path of params.yaml."""
    for name, count in categories.items():
        folder = root / "data/line" / name / "train/good"
        folder.mkdir(parents=True)
        for index in range(count):
            (folder / f"{index:03}.png").write_bytes(plate(index))
    params = {
        "datasets": {"line": {"format": "mvtec", "root": "data/line"}},
        "methods": ["expert"],
        "expert": {"preprocessing": {"resize": SIDE}},
        "threshold": {"bootstrap_samples": 20, **(threshold or {})},
        "run": {"threads": 1},
        "service": service,
        "profiles": {"demo": {}},
    }
    path = root / "params.yaml"
    path.write_text(yaml.safe_dump(params))
    return path


@contextmanager
def serving(root: Path, *words: str, fitted: bool = True) -> Iterator[tuple[str, forks.Forked]]:
    """``eagle serve`` in a process of its own, in the folder ``root``; its URL and process, once a category is ready.

    Not ``fitted``: once it answers.
    """
    port = free_port()
    station = forks.start(("serve", "--port", str(port), *words), root, os.environ | {"OMP_NUM_THREADS": "1"})
    url = f"http://127.0.0.1:{port}/"

    def ready() -> bool:
        assert station.running(), station.said()
        try:
            known = httpx2.get(url + "api/categories").raise_for_status().json()
            return not fitted or bool(known[0]["ready"])
        except (httpx2.HTTPError, IndexError):
            return False

    try:
        wait_for(ready)
        yield url, station
    finally:
        station.terminate()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def job_done(client: Any, job: int) -> dict[str, Any]:
    """The finished job."""
    found: dict[str, Any] = wait_for(lambda: (j := client.get(f"/api/jobs/{job}").json())["state"] in ("done", "failed") and j)
    assert found["state"] == "done", found
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One category, fitted when the station first starts."""
    return write_project(tmp_path_factory.mktemp("station"), {"plate": GOOD})


@pytest.fixture(scope="module")
def client(project: Path) -> Iterator[TestClient]:
    """A running station that can judge plates."""
    app = make_app(load_params(project), Access())
    with TestClient(app, base_url="http://localhost") as running:
        wait_for(lambda: running.get("/api/categories").json()[0]["ready"])
        yield running


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    with Hook() as started:
        yield started


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker")) as started:
        yield started
