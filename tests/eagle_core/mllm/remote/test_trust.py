"""Code of a checkpoint runs when the user asked for it, at the commit that the user gave, and never before."""

from __future__ import annotations

import json
import shutil

import pytest

from eagle_core.config import MllmConfig
from eagle_core.errors import ModelError
from eagle_core.mllm.loading import load_model
from eagle_core.mllm.model_files import locate
from eagle_core.mllm.registry import known_models
from eagle_core.mllm.remote.chat import RemoteChatModel
from eagle_core.mllm.remote.code import own_code
from tests.tiny.prompts import short_prompt
from tests.tiny.qwen import qwen2_5_vl
from tests.tiny.remote.folders import minicpm

HUB_ID = "somebody/Tiny-MiniCPM-V"
COMMIT, OTHER = "0123456789" * 4, "9876543210" * 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return minicpm(tmp_path_factory.mktemp("remote") / "tiny-minicpm")


@pytest.fixture
def marked(folder, tmp_path):
    """A copy whose every file of code leaves a mark when it runs."""
    copy, mark = tmp_path / "marked", tmp_path / "ran"
    shutil.copytree(folder, copy)
    for path in copy.glob("*.py"):
        path.write_text(f"open({str(mark)!r}, 'a').write({path.name!r})\n" + path.read_text())
    return copy, mark


@pytest.fixture
def hub(folder, tmp_path, monkeypatch):
    """A hub's cache on an offline machine that holds one commit, as ``hf download`` lays it out."""
    repository = tmp_path / "hub" / "models--somebody--Tiny-MiniCPM-V"
    shutil.copytree(folder, repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return repository / "snapshots" / COMMIT


def test_code_is_not_run_unasked(marked):
    copy, mark = marked
    with pytest.raises(ModelError, match=r"modeling_minicpmv\.MiniCPMV.*mllm\.trust_remote_code: true"):
        load_model(MllmConfig(model=str(copy)))
    assert not mark.exists()
    load_model(MllmConfig(model=str(copy), trust_remote_code=True))
    assert "modeling_minicpmv.py" in mark.read_text()


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json", "preprocessor_config.json"])
def test_code_is_found_in_every_configuration(tmp_path, file):
    """A model of transformers' own may bring a tokenizer or a processor that is code."""
    native = qwen2_5_vl().save(tmp_path / "native")
    path = native / file
    content = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**content, "auto_map": {"AutoTokenizer": [None, "own.Tokenizer"]}}))
    assert own_code(native) == ("own.Tokenizer",)
    with pytest.raises(ModelError, match=r"own\.Tokenizer.*trust_remote_code: true"):
        load_model(MllmConfig(model=str(native)))


def test_code_of_another_repository_is_refused(marked):
    copy, mark = marked
    config = json.loads((copy / "config.json").read_text())
    config["auto_map"]["AutoModel"] = "somebody/else--modeling.Model"
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="somebody/else--modeling.Model is code of another repository"):
        load_model(MllmConfig(model=str(copy), trust_remote_code=True))
    assert not mark.exists()


def test_an_unreadable_configuration_is_named(marked):
    copy, _ = marked
    (copy / "tokenizer_config.json").write_text("{")
    with pytest.raises(ModelError, match=r"tokenizer_config\.json is not valid JSON"):
        load_model(MllmConfig(model=str(copy), trust_remote_code=True))


def test_a_hub_id_is_loaded_offline_at_the_commit_that_the_user_gave(hub):
    model = load_model(MllmConfig(model=HUB_ID, revision=COMMIT, trust_remote_code=True))
    assert isinstance(model, RemoteChatModel)
    assert model.fingerprint == f"{HUB_ID}@{COMMIT}"
    assert model.answer([short_prompt()])[0].status == "answered"


def test_another_commit_is_not_replaced_by_the_one_that_is_here(hub):
    with pytest.raises(ModelError, match=f"weights are not on this machine.*hf download {HUB_ID} --revision {OTHER}"):
        load_model(MllmConfig(model=HUB_ID, revision=OTHER, trust_remote_code=True))


@pytest.mark.parametrize("revision", ["main", "v1.0", COMMIT[:12]])
def test_a_name_that_can_move_is_no_pin(hub, revision):
    with pytest.raises(ModelError, match=f"mllm.revision: '{revision}' can move.*40 hexadecimal digits"):
        load_model(MllmConfig(model=HUB_ID, revision=revision, trust_remote_code=True))


def test_a_hub_id_needs_the_opt_in_and_the_revision(hub):
    with pytest.raises(ModelError, match=r"trust_remote_code: true and mllm\.revision: the commit"):
        load_model(MllmConfig(model=HUB_ID, revision=COMMIT))
    with pytest.raises(ModelError, match="pin the code of .* with mllm.revision"):
        load_model(MllmConfig(model=HUB_ID, trust_remote_code=True))


def test_a_folders_fingerprint_follows_its_code(folder, tmp_path):
    """A folder has no revision: what its files hold is its identity."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    same = locate(MllmConfig(model=str(copy))).fingerprint()
    assert same == locate(MllmConfig(model=str(folder))).fingerprint()
    with (copy / "modeling_minicpmv.py").open("a") as file:
        file.write("\n")
    assert locate(MllmConfig(model=str(copy))).fingerprint() != same


def test_published_checkpoints_that_bring_code_were_never_verified():
    remote = {model.source: model for model in known_models() if model.own_code}
    assert set(remote) == {
        "openbmb/MiniCPM-V-4_5",
        "openbmb/MiniCPM-V-2_6",
        "OpenGVLab/InternVL2-4B",
        "OpenGVLab/InternVL2-8B",
    }
    assert {model.verified for model in remote.values()} == {"never"}
    assert [model.source for model in known_models() if model.verified == "never"] == list(remote)


def test_what_is_to_be_passed_is_said_before_anything_is_here() -> None:
    with pytest.raises(ModelError, match="it brings code of its own: read that, and set trust_remote_code: true and revision"):
        locate(MllmConfig(model="openbmb/MiniCPM-V-4_5"))
    with pytest.raises(ModelError) as caught:
        locate(MllmConfig(model="Qwen/Qwen2-VL-2B-Instruct"))
    assert "of its own" not in str(caught.value)
