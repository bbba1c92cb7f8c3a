"""A category exported for another runtime: it judges as in torch without torch's weights, and is refused where it does not."""

from __future__ import annotations

import json
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import get_args

import pytest
import torch
from fastapi.testclient import TestClient

from eagle_core.config import OtherRuntime
from eagle_core.errors import ConfigurationError, DataError
from eagle_core.expert.backbone import load_backbone
from eagle_core.expert.runtimes.extractor import FILES, write_extractor
from flows.service.app import make_app
from flows.service.security import Access
from tasks.carrying import kit
from tasks.carrying.export_file import open_export
from tasks.carrying.inspection import without_project
from tasks.machinery import holders
from tests.flows.cli.test_export import eagle, manifest
from tests.flows.service.conftest import GOOD, plate, write_project


@pytest.fixture(scope="module", params=get_args(OtherRuntime))
def runtime(request: pytest.FixtureRequest) -> OtherRuntime:
    chosen: OtherRuntime = request.param
    return chosen


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made")
    return write_project(root, {"plate": GOOD})


@pytest.fixture(scope="module")
def exported(project: Path, runtime: OtherRuntime) -> Path:
    target = project.parent / f"{runtime}.eagle"
    assert f"features by {runtime}" in eagle("export", "plate", "--params", project, "--out", target, "--runtime", runtime)
    return target


def test_it_judges_as_in_torch_without_torchs_weights(
    exported: Path, project: Path, runtime: OtherRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in range(50, 54):
        (tmp_path / f"{seed}.png").write_bytes(plate(seed, blot=seed % 2 == 0))
    eagle("inspect", "*.png", "-c", "plate", "--params", project, "--out", "torch")
    monkeypatch.delattr(kit, "backbone")  # torch, asked for features, would fail
    said = eagle("inspect", "*.png", "--expert", exported, "--out", runtime)
    assert f"features by: {runtime} (" in said
    verdicts = set()
    for file in Path("torch").glob("*.json"):
        there, here = json.loads(file.read_text()), json.loads((Path(runtime) / file.name).read_text())
        assert here["expert"]["score"] == pytest.approx(there["expert"]["score"], rel=1e-4)
        assert (here["verdict"], len(here["boxes"])) == (there["verdict"], len(there["boxes"]))
        verdicts.add(here["verdict"])
    assert verdicts == {"normal", "defective"}


def test_provenance_names_the_runtime_and_nothing_is_pickled(exported: Path, runtime: OtherRuntime) -> None:
    told = manifest(exported)
    extractor = told["provenance"]["extractor"]
    assert (extractor["runtime"], len(extractor["graph_sha256"])) == (runtime, 64)
    assert {*FILES[runtime], "extractor.json"} <= set(told["files"])
    assert {Path(name).suffix for name in told["files"]} <= {".json", ".safetensors", ".png", ".onnx", ".xml", ".bin"}


def test_a_station_judges_by_it(exported: Path, runtime: OtherRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with TestClient(make_app(without_project(), Access(), [exported]), base_url="http://localhost") as client:
        assert client.post("/api/categories/plate/parts", content=plate(3, blot=True)).json()["verdict"] == "not_ok"
        assert client.post("/api/categories/plate/parts", content=plate(4)).json()["verdict"] == "ok"
        [version] = client.get("/api/categories/plate/thresholds").json()
        assert version["name"] == f"from {runtime}.eagle ({runtime})"


def test_another_network_in_its_place_is_refused(exported: Path, runtime: OtherRuntime, tmp_path: Path) -> None:
    config = without_project({"run.cache_dir": str(tmp_path / "cache")})
    expert = open_export(config, exported).kit.expert
    other = load_backbone(expert.config.backbone)
    with torch.no_grad():
        next(other.model.network.parameters()).mul_(1.2)
    write_extractor(other, expert.config, runtime, tmp_path)
    described = manifest(exported)
    changed = {name: (tmp_path / name).read_bytes() for name in (*FILES[runtime], "extractor.json")}
    described["files"] |= {name: sha256(content).hexdigest() for name, content in changed.items()}
    changed["manifest.json"] = json.dumps(described).encode()
    with zipfile.ZipFile(exported) as old, zipfile.ZipFile(tmp_path / "other.eagle", "w") as new:
        for name in old.namelist():
            new.writestr(name, changed.get(name) or old.read(name))
    with pytest.raises(DataError, match=f"does not judge here as where it was made: its image .* by {runtime}, not"):
        open_export(config, tmp_path / "other.eagle")


def test_without_the_runtime_the_remedy_is_told(exported: Path, runtime: OtherRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holders.forget_models()
    monkeypatch.setitem(sys.modules, {"onnx": "onnxruntime", "openvino": "openvino"}[runtime], None)
    with pytest.raises(ConfigurationError, match=rf"pip install 'eagle-iad\[{runtime}\]'"):
        open_export(without_project({"run.cache_dir": str(tmp_path)}), exported)


@pytest.mark.slow
def test_an_expert_with_a_network_of_its_own_stays_in_torch(project: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expert.kind padim has a network of its own"):
        eagle("export", "plate", "--params", project, "--set", "expert.kind=padim", "--out", tmp_path / "p.eagle", "--runtime", "onnx")
