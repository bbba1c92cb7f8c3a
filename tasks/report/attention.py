"""Which prompts the gallery's attention maps are made of; the maps are ``eagle_core.report.page.attention``'s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import EagleConfig
from eagle_core.errors import EagleError
from eagle_core.methods.plan import Plan
from eagle_core.mllm.chat import TransformersChatModel
from eagle_core.records import Sample
from eagle_core.report.page import attention
from eagle_core.report.page.content import Picture
from tasks.machinery.holders import chat_model, turn_of
from tasks.machinery.store import Entry
from tasks.stages.predictions import read_predictions
from tasks.stages.prompter import TemplatePrompter
from tasks.stages.threshold import read_threshold

SHOWN: tuple[tuple[Literal["eagle_no_caas", "eagle"], str], ...] = (
    ("eagle_no_caas", "attention without CAAS"),
    ("eagle", "attention with CAAS"),
)


def attention_pictures(
    config: EagleConfig, category: tuple[str, str], stages: Mapping[str, Entry], samples: Sequence[Sample]
) -> dict[str, tuple[Picture, ...]]:
    """Attention maps without and with CAAS of ``samples``, by image_id; made again from the store.

    Empty where EAGLE was not run or the last MLLM cannot be looked into.
    """
    # The last one was asked last, and is still in memory.
    name = next(reversed(config.mllms), None)
    model = _observable(config, name) if samples and "eagle" in config.methods and name else None
    if model is None or name is None:
        return {}
    plans = {caption: _plans(config, category, method, stages, samples) for method, caption in SHOWN}
    with turn_of(config, name, len(samples), "attention looked at"):
        return attention.attention_pictures(model, AttentionSettings.from_config(config.caas), samples, plans)


def _plans(
    config: EagleConfig,
    category: tuple[str, str],
    method: Literal["eagle_no_caas", "eagle"],
    stages: Mapping[str, Entry],
    samples: Sequence[Sample],
) -> dict[str, Plan]:
    read, tau = read_predictions(stages["predictions"].path), read_threshold(stages["threshold"])
    prompter = TemplatePrompter(config, category, method, stages["expert"], read, tau)
    planned = {sample.image_id: prompter.plan(sample) for sample in samples}
    return {image_id: plan for image_id, plan in planned.items() if isinstance(plan, Plan)}


def _observable(config: EagleConfig, mllm: str) -> TransformersChatModel | None:
    """The MLLM where it is here and its visual tokens have known places."""
    try:
        model = chat_model(config, mllm)
    except EagleError:
        return None
    return model if isinstance(model, TransformersChatModel) and model.adapter.grid is not None else None
