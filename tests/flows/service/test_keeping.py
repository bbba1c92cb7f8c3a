"""Backup, restore, export and retention, through the commands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from eagle_core.config import DatasetConfig
from eagle_core.config.service import ServiceConfig
from eagle_core.data.catalogue import load_dataset
from eagle_core.errors import DataError
from flows.cli.station import app
from flows.service.app import make_app
from flows.service.security import Access
from tasks.machinery.params import load_params
from tasks.station.retention import remove_old_images
from tasks.station.schema import Part
from tests.flows.service.conftest import plate


@pytest.fixture
def reviewed(client: TestClient) -> list[int]:
    """A good and a defective part that somebody has reviewed."""
    ids = []
    for seed, decision in ((3000, "good"), (3001, "defective")):
        part = client.post("/api/categories/plate/parts", content=plate(seed, blot=decision == "defective")).json()
        client.post(f"/api/parts/{part['id']}/reviews", json={"decision": decision})
        ids.append(part["id"])
    return ids


def test_a_backup_of_a_running_station_is_a_station_again(client: TestClient, reviewed: list[int], project: Path, tmp_path: Path) -> None:
    tar = tmp_path / "night.tar"
    done = CliRunner().invoke(app, ["backup", str(tar), "--params", str(project)])
    assert done.exit_code == 0, done.output
    elsewhere = ["--set", f"service.folder={tmp_path / 'elsewhere'}", "--params", str(project)]
    assert CliRunner().invoke(app, ["restore", str(tar), *elsewhere]).exit_code == 0
    again = CliRunner().invoke(app, ["restore", str(tar), *elsewhere])
    assert isinstance(again.exception, DataError)
    config = load_params(project, overrides={"service.folder": str(tmp_path / "elsewhere")})
    with TestClient(make_app(config, Access()), base_url="http://localhost") as restored:
        query = {"limit": 500}
        assert restored.get("/api/parts", params=query).json() == client.get("/api/parts", params=query).json()
        assert restored.get("/api/categories/plate").json() == client.get("/api/categories/plate").json()
        image = f"/api/parts/{reviewed[0]}/image"
        assert restored.get(image).content == client.get(image).content


def test_reviewed_parts_are_exported_as_a_dataset(client: TestClient, reviewed: list[int], project: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", str(tmp_path / "lot"), "--params", str(project)])
    assert done.exit_code == 0, done.output
    dataset = load_dataset(DatasetConfig(name="lot", format="mvtec", root=tmp_path / "lot"))
    test = dataset.categories["plate"].test
    labels = {int(sample.image_path.stem.removeprefix("part-")): sample.is_defective for sample in test}
    assert (labels[reviewed[0]], labels[reviewed[1]]) == (False, True)


def test_old_images_go_and_their_records_stay(client: TestClient, reviewed: list[int]) -> None:
    station = client.app.state.context.station  # type: ignore[attr-defined]
    old = client.post("/api/categories/plate/parts", content=plate(3002)).json()
    with station.database.transaction() as session:
        session.get_one(Part, old["id"]).received_at -= timedelta(days=30)
    assert remove_old_images(ServiceConfig(keep_days=7), station.database, station.images) == 1
    assert client.get(f"/api/parts/{old['id']}/image").status_code == 410
    assert client.get(f"/api/parts/{old['id']}").json()["score"] == old["score"]
    assert client.get(f"/api/parts/{reviewed[0]}/image").status_code == 200
    present = len([p for p in client.get("/api/parts", params={"limit": 500}).json() if p["id"] != old["id"]])
    assert remove_old_images(ServiceConfig(keep_gib=1e-9), station.database, station.images) <= present
    assert client.get(f"/api/parts/{reviewed[0]}/image").status_code == 410
