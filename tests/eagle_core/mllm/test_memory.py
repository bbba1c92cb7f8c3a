"""The memory preflight, against the files' own sizes and this machine's memory."""

from __future__ import annotations

import logging

import psutil
import pytest
import torch

from eagle_core.config import MllmConfig
from eagle_core.errors import ModelError
from eagle_core.mllm import memory
from eagle_core.mllm.loading import load_model
from tests.tiny.qwen import qwen2_5_vl


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return qwen2_5_vl().save(tmp_path_factory.mktemp("checkpoint"))


def test_weights_take_what_the_loaded_parameters_take(folder):
    for dtype in ("float32", "bfloat16"):
        config = MllmConfig(model=str(folder), dtype=dtype)
        held = sum(p.numel() * p.element_size() for p in load_model(config).model.parameters())
        assert memory.weight_bytes(folder, config) == held


def test_free_memory_is_the_systems():
    assert memory.free_bytes("cpu") == pytest.approx(psutil.virtual_memory().available, rel=0.1)
    assert memory.free_bytes("warp:0") is None
    if not torch.cuda.is_available():
        assert memory.free_bytes("auto") == pytest.approx(memory.free_bytes("cpu"), rel=0.1)


def test_what_cannot_fit_is_refused_before_loading(folder, monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda device: 1000)
    with pytest.raises(ModelError, match=r"free on cpu; choose mllm.dtype: bfloat16"):
        load_model(MllmConfig(model=str(folder)))


def test_a_tight_fit_is_said(folder, monkeypatch, caplog):
    config = MllmConfig(model=str(folder))
    needed = memory.weight_bytes(folder, config)
    monkeypatch.setattr(memory, "free_bytes", lambda device: int(1.1 * needed))
    with caplog.at_level(logging.WARNING, logger="eagle.mllm"):
        memory.check_memory("model", folder, config)
    assert "little is left" in caplog.text
