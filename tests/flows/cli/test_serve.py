"""`eagle serve` where there is no project: an empty folder becomes one, any other is left alone."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tasks.machinery.params import load_params
from tests.flows.cli.test_start import HEAVY, run_here
from tests.flows.service.conftest import job_done, plate, serving


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    code, modules, said = run_here(tmp_path, "serve")
    assert (code, len(said.splitlines())) == (2, 1)
    assert "there is no params.yaml here, and the folder is not empty (thesis.txt)" in said
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert not modules & HEAVY


@pytest.mark.server
def test_in_an_empty_folder_a_station_starts_and_is_found_again(tmp_path: Path) -> None:
    with serving(tmp_path, fitted=False) as url, httpx2.Client(base_url=url, timeout=60) as client:
        assert client.get("api/categories").json() == []
        for seed in range(20):
            client.post("api/categories/lid/images", content=plate(seed)).raise_for_status()
        job_done(client, client.post("api/categories/lid/fits", json={}).raise_for_status().json()["id"])
        assert client.post("api/categories/lid/parts", content=plate(30, blot=True)).json()["verdict"] == "not_ok"
    config = load_params(tmp_path / "params.yaml")
    assert (config.threshold.method, len(list((tmp_path / "data/line/lid/train/good").iterdir()))) == ("conformal", 20)
    with serving(tmp_path) as url:
        assert [part["category"] for part in httpx2.get(url + "api/parts").json()] == ["lid"]
