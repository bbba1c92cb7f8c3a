"""One published processor after another, and a shrunken model for it."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from eagle_core.config import MllmConfig
from eagle_core.mllm.adapters.adapter import Adapter
from eagle_core.mllm.adapters.families import FAMILIES
from eagle_core.mllm.chat import TransformersChatModel
from tests.tiny.published import PUBLISHED, shrunken


class Published(NamedTuple):
    """A processor as its authors publish it."""

    name: str
    processor: Any
    adapter: Adapter


@pytest.fixture(scope="session", params=sorted(PUBLISHED))
def published(request: pytest.FixtureRequest, published_processor: Any) -> Published:
    return Published(request.param, published_processor(request.param), FAMILIES[PUBLISHED[request.param]])


@pytest.fixture(scope="session")
def chat(published: Published) -> TransformersChatModel:
    """A random model of four layers with the published vocabulary."""
    name, processor, adapter = published
    model = shrunken(adapter.model_type, processor)
    return TransformersChatModel(model, processor, adapter, MllmConfig(batch_size=2), name=name, fingerprint=name)
