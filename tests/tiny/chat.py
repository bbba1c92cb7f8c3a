"""Tiny models behind the ``ChatModel`` protocol."""

from __future__ import annotations

from typing import Any

from eagle_core.config import MllmConfig
from eagle_core.mllm.adapters.families import FAMILIES
from eagle_core.mllm.chat import TransformersChatModel
from tests.tiny.base import Tiny
from tests.tiny.models import BUILDERS


def chat_model(model_type: str, tiny: Tiny | None = None, **config: Any) -> TransformersChatModel:
    """A fresh or given tiny model of one family."""
    tiny = tiny or BUILDERS[model_type]()
    return TransformersChatModel(
        tiny.model, tiny.processor, FAMILIES[model_type], MllmConfig(**config), name=model_type, fingerprint=model_type
    )
