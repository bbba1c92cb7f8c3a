"""What fitting takes is held against what one process of the engine may take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from eagle_core.config import EagleConfig
from tasks.machinery.params import load_params
from tasks.preflight.weights import memory_findings

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def configured(tmp_path: Path) -> EagleConfig:
    """The expert alone on twenty images of its own."""
    for n in range(20):
        path = tmp_path / "part" / "normal" / f"{n:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 64), (n, n, n)).save(path)
    mine: dict[str, Any] = {"methods": ["expert"], "datasets": {"demo": None, "mine": {"format": "folder", "root": str(tmp_path)}}}
    return load_params(PROJECT / "params.yaml", "demo", mine)


def with_engine(config: EagleConfig, **engine: Any) -> EagleConfig:
    changed = config.run.engine.model_copy(update=engine)
    return config.model_copy(update={"run": config.run.model_copy(update={"engine": changed})})


def test_threads_share_the_memory_of_the_machine(configured: EagleConfig) -> None:
    [finding] = memory_findings(with_engine(configured, kind="threads", workers=4))
    assert not finding.fault
    assert finding.text.startswith("mine: fitting needs about ")


def test_a_process_that_dask_would_kill_is_told_before_the_run(configured: EagleConfig) -> None:
    [finding] = memory_findings(with_engine(configured, kind="dask", workers=2, memory_limit="20MB"))
    assert finding.fault
    assert "0.02 GiB are free to each of 2 processes" in finding.text
    assert "lower run.engine.workers" in finding.text


def test_workers_elsewhere_have_memory_of_their_own(configured: EagleConfig) -> None:
    [finding] = memory_findings(with_engine(configured, kind="dask", workers=2, memory_limit="20MB", address="tcp://other:8786"))
    assert not finding.fault
