"""Knowledge of a category: from MMAD's file, from the generator, condensed by a model, reviewed by a person."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eagle_core.config import EagleConfig
from eagle_core.errors import ConfigurationError, DataError
from tasks.stages.knowledge import FILE, gather, text_for


@pytest.fixture
def root(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for folder in ("train/good", "test/good"):
        target = tmp_path / "data" / "ring" / folder
        target.mkdir(parents=True)
        for number in range(2):
            Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(target / f"{number:03}.png")
    stored = {"Made": {"ring": {"good": "<Normal> A round ring. It is intact.", "rust": "<Rust> Brown spots. They weaken it."}}}
    (tmp_path / "knowledge.json").write_text(json.dumps(stored))
    return tmp_path


def configured(root: Path, **echo: object) -> EagleConfig:
    return EagleConfig.model_validate(
        {"datasets": {"d": {"root": root / "data"}}, "run": {"cache_dir": root / "cache"}, "echo": echo}
    )


def stored(config: EagleConfig) -> dict:
    return json.loads((gather(config, "d", "ring").path / FILE).read_text())


def test_without_a_source_there_is_no_knowledge_and_nothing_is_made_up(root: Path) -> None:
    config = configured(root)
    assert stored(config)["source"] is None
    assert text_for(gather(config, "d", "ring"), config, "defect_classification") == ""


def test_mmads_file_is_read_and_condensed_by_rule(root: Path) -> None:
    config = configured(root, knowledge_file=str(root / "knowledge.json"))
    entry = gather(config, "d", "ring")
    assert text_for(entry, config, "defect_classification") == "Rust: Brown spots. They weaken it."
    whole = configured(root, knowledge_file=str(root / "knowledge.json"), knowledge="domain")
    assert "A round ring." in text_for(gather(whole, "d", "ring"), whole, "defect_classification")
    silent = configured(root, knowledge="none")
    assert text_for(entry, silent, "defect_classification") == ""


def test_a_chat_model_condenses_and_is_named(root: Path) -> None:
    config = configured(root, knowledge_file=str(root / "knowledge.json"), condenser="embedded")
    found = stored(config)
    assert found["condenser"] == "embedded"
    assert all(isinstance(text, str) and text for text in found["condensed"].values())


def test_a_reviewed_file_is_used_in_place_of_everything_else(root: Path) -> None:
    config = configured(root, knowledge_file=str(root / "knowledge.json"))
    corrected = stored(config) | {"condensed": dict.fromkeys(config.echo.modules, "Reviewed by hand.")}
    (root / "reviewed" / "d").mkdir(parents=True)
    (root / "reviewed" / "d" / "ring.json").write_text(json.dumps(corrected))
    again = configured(root, knowledge_file=str(root / "knowledge.json"), reviewed=str(root / "reviewed"))
    assert stored(again)["condenser"] == "reviewed"
    assert text_for(gather(again, "d", "ring"), again, "defect_analysis") == "Reviewed by hand."
    (root / "reviewed" / "d" / "ring.json").write_text("{}")
    with pytest.raises(DataError, match="not a knowledge file"):
        gather(again, "d", "ring")


def test_what_does_not_fit_is_named(root: Path) -> None:
    (root / "other.json").write_text(json.dumps({"Made": {"bolt": {}}}))
    with pytest.raises(DataError, match="nothing about 'ring'"):
        gather(configured(root, knowledge_file=str(root / "other.json")), "d", "ring")
    with pytest.raises(DataError, match="cannot be read"):
        gather(configured(root, knowledge_file=str(root / "absent.json")), "d", "ring")
    with pytest.raises(ConfigurationError, match="'oracle' is neither rule_based nor one of mllms: embedded"):
        gather(configured(root, condenser="oracle"), "d", "ring")
