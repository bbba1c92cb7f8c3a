"""A category as one file: written here, opened in a folder that has nothing else, refused where it is not what it was."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from typer.testing import CliRunner

from eagle_core.errors import ConfigurationError, DataError, EagleError
from flows.cli.main import app as commands
from flows.service.app import make_app
from flows.service.security import Access
from tasks.carrying.export_file import open_export
from tasks.carrying.inspection import without_project
from tasks.carrying.registering import registered_export
from tasks.machinery.params import load_params
from tests.flows.service.conftest import GOOD, plate, serving, write_project


def eagle(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(commands, [str(word) for word in words])
    if isinstance(done.exception, EagleError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """plate.eagle, and beside it the project that made it."""
    root = tmp_path_factory.mktemp("made")
    params = write_project(root, {"plate": GOOD})
    test = root / "data/line/plate/test"
    for kind in ("good", "blot"):
        (test / kind).mkdir(parents=True)
        for seed in range(900, 904):
            (test / kind / f"{seed}.png").write_bytes(plate(seed, blot=kind == "blot"))
    eagle("export", "plate", "--params", params, "--out", root / "plate.eagle")
    return root / "plate.eagle"


def changed(source: Path, target: Path, name: str, content: bytes) -> Path:
    """A copy with one file changed, and the manifest too where that is the file."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for each in old.namelist():
            new.writestr(each, content if each == name else old.read(each))
    return target


def manifest(source: Path) -> dict:
    with zipfile.ZipFile(source) as archive:
        return json.loads(archive.read("manifest.json"))


def test_it_judges_elsewhere_as_in_its_project(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in range(50, 54):
        (photos / f"{seed}.png").write_bytes(plate(seed, blot=seed % 2 == 0))
    params = exported.parent / "params.yaml"
    eagle("inspect", photos, "-c", "plate", "--params", params, "--out", "there")
    eagle("inspect", photos, "--expert", exported, "--out", "here")
    words = set()
    for file in Path("there").glob("*.json"):
        there, here = json.loads(file.read_text()), json.loads((Path("here") / file.name).read_text())
        # Images are judged one by one by the file and in batches by the project: scores differ in the last digits.
        assert here["expert"].pop("score") == pytest.approx(there["expert"].pop("score"), rel=1e-5)
        assert (here["verdict"], here["expert"], len(here["boxes"])) == (there["verdict"], there["expert"], len(there["boxes"]))
        words.add(here["verdict"])
    assert words == {"defective", "normal"}
    assert not Path("params.yaml").exists()


def test_equal_exports_are_equal_bytes_without_a_pickle(exported: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.eagle"
    eagle("export", "plate", "--params", exported.parent / "params.yaml", "--out", again)
    assert again.read_bytes() == exported.read_bytes()
    names = zipfile.ZipFile(exported).namelist()
    assert {Path(name).suffix for name in names} == {".json", ".safetensors", ".png"}
    assert len([name for name in names if name.startswith("proof/")]) == 5
    assert manifest(exported)["provenance"]["versions"]["torch"]


def test_a_station_judges_by_it_without_a_training_image(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with TestClient(make_app(without_project(), Access(), [exported]), base_url="http://localhost") as client:
        part = client.post("/api/categories/plate/parts", content=plate(3, blot=True)).json()
        assert part["verdict"] == "not_ok"
        assert client.post("/api/categories/plate/parts", content=plate(4)).json()["verdict"] == "ok"
        [version] = client.get("/api/categories/plate/thresholds").json()
        assert (version["name"], version["images"], version["active"]) == ("from plate.eagle", GOOD, True)
        assert [c["name"] for c in client.get("/api/categories").json() if c["ready"]] == ["plate"]
    with TestClient(make_app(without_project(), Access(), [exported]), base_url="http://localhost") as again:
        assert len(again.get("/api/categories/plate/thresholds").json()) == 1


def test_what_is_damaged_older_or_judges_otherwise_is_refused(exported: Path, tmp_path: Path) -> None:
    config = without_project({"run.cache_dir": str(tmp_path / "cache")})
    described = manifest(exported)
    older = json.dumps(described | {"format_version": 0}).encode()
    wrong = described | {"proof": [each | {"score": each["score"] * 1.1} for each in described["proof"]]}
    outside = described | {"files": described["files"] | {"../x": "0"}}
    for name, content, told in (
        ("manifest.json", older, "format version 0, this is 1; export it again"),
        ("expert.safetensors", b"other", "expert.safetensors is damaged"),
        ("manifest.json", json.dumps(wrong).encode(), "does not judge here as where it was made"),
        ("manifest.json", json.dumps(outside).encode(), "outside its folder"),
    ):
        with pytest.raises(DataError, match=told):
            open_export(config, changed(exported, tmp_path / "changed.eagle", name, content))
    (tmp_path / "no.eagle").write_bytes(b"PK no zip")
    with pytest.raises(DataError, match="cannot be read as an exported expert"):
        eagle("inspect", tmp_path, "--expert", tmp_path / "no.eagle", "--out", tmp_path / "out")


def test_mlflow_keeps_it_as_a_version_and_gives_it_back(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow
    import pandas as pd

    monkeypatch.chdir(tmp_path)
    params = exported.parent / "params.yaml"
    told = eagle("export", "plate", "--params", params, "--out", tmp_path / "plate.eagle", "--register", "plates")
    assert "registered: models:/plates/1" in told
    config = load_params(params)
    assert registered_export(config, "models:/plates/1").read_bytes() == exported.read_bytes()
    mlflow.set_tracking_uri(config.tracking.tracking_uri)
    model = mlflow.pyfunc.load_model("models:/plates/1")
    assert [column.name for column in model.metadata.signature.outputs] == ["verdict", "score", "tau", "reason"]
    answers = model.predict(pd.DataFrame({"image": [plate(3, blot=True), plate(4), b"no image"]}))
    assert list(answers["verdict"]) == ["defective", "normal", "not judged"]
    stored = Path(mlflow.artifacts.download_artifacts("models:/plates/1"))
    assert not [p for p in stored.rglob("*") if p.suffix in (".pkl", ".pickle", ".joblib")]
    with pytest.raises(DataError, match="models:/plates/9 cannot be had"):
        registered_export(config, "models:/plates/9")


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.parametrize("brought", ["file", "model"])
def test_a_served_file_or_version_judges_as_inspect_does(exported: Path, tmp_path: Path, brought: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As typed: `eagle serve` in a process of its own, in a folder that has nothing else."""
    monkeypatch.chdir(tmp_path)
    for name, blot in (("fine", False), ("blot", True)):
        (tmp_path / f"{name}.png").write_bytes(plate(77, blot=blot))
    eagle("inspect", "fine.png", "blot.png", "--expert", exported, "--out", "said")
    words = ["--expert", str(exported)]
    if brought == "model":
        registry = f"tracking.tracking_uri=sqlite:///{tmp_path}/registry.db"
        told = eagle(
            "export", "plate", "--params", exported.parent / "params.yaml", "--out", tmp_path / "p.eagle",
            "--register", "plates", "--set", registry,
        )  # fmt: skip
        assert "registered: models:/plates/1" in told
        words = ["--model", "models:/plates/1", "--set", registry]
    with serving(tmp_path, *words) as (url, _):
        for name, verdict in (("fine", "ok"), ("blot", "not_ok")):
            part = httpx2.post(url + "api/categories/plate/parts", content=Path(f"{name}.png").read_bytes(), timeout=60).raise_for_status().json()
            [said] = (json.loads(p.read_text()) for p in Path("said").glob(f"*-{name}.json"))
            assert part["verdict"] == verdict
            assert said["verdict"] == {"ok": "normal", "not_ok": "defective"}[verdict]
            assert (part["score"], part["tau"]) == (pytest.approx(said["expert"]["score"]), said["expert"]["tau"])
            assert len(part["boxes"]) == len(said["boxes"])


def test_without_params_what_is_set_counts(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (96, 96), (90, 90, 90)).save("blank.png")
    eagle("inspect", "blank.png", "--expert", exported, code=3)
    eagle("inspect", "blank.png", "--expert", exported, "--set", "judging.unlike=judge")
    with pytest.raises(ConfigurationError, match=r"judging\.unlik"):
        eagle("inspect", "blank.png", "--expert", exported, "--set", "judging.unlik=judge")
