"""Where the answer looks without and with CAAS, for the report's gallery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import EagleConfig
from eagle_core.data.images import read_image_of
from eagle_core.errors import EagleError
from eagle_core.methods.plan import Plan
from eagle_core.mllm.chat import TransformersChatModel
from eagle_core.mllm.isolation import ABOUT_ONE_PROMPT
from eagle_core.mllm.query_attention import query_attention
from eagle_core.records import Sample
from eagle_core.report.boxed_image import PIXELS
from eagle_core.report.page.content import Picture
from eagle_core.report.page.pictures import data_uri, heat_over
from tasks.machinery.holders import chat_model
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
    """Two maps of the guided layers' mean for each image of ``samples``, by image_id, on one scale for both.

    Empty where EAGLE was not run or the last MLLM cannot be looked into.
    """
    if not samples or "eagle" not in config.methods:
        return {}
    model = _observable(config)
    if model is None:
        return {}
    settings = AttentionSettings.from_config(config.caas)
    layers = settings.layers_for(model.depth)
    drawn: dict[str, dict[str, np.ndarray]] = {sample.image_id: {} for sample in samples}
    for method, caption in SHOWN:
        prompter = TemplatePrompter(
            config,
            category,
            method,
            stages["expert"],
            read_predictions(stages["predictions"].path),
            read_threshold(stages["threshold"]),
        )
        for sample in samples:
            plan = prompter.plan(sample)
            if isinstance(plan, Plan):
                try:
                    [seen] = query_attention(model, [plan.prompt], [plan.attention], settings)
                except EagleError:
                    return {}
                except ABOUT_ONE_PROMPT:
                    # Recorded as failed where it was asked; here it has no map.
                    continue
                drawn[sample.image_id][caption] = seen.map(layers)
    return {s.image_id: _pictures(s, drawn[s.image_id]) for s in samples if len(drawn[s.image_id]) == len(SHOWN)}


def _observable(config: EagleConfig) -> TransformersChatModel | None:
    """The last MLLM, which was asked last and is still in memory, where it is here and its visual tokens have known places."""
    try:
        model = chat_model(config, next(reversed(config.mllms)))
    except EagleError:
        return None
    return model if isinstance(model, TransformersChatModel) and model.adapter.grid is not None else None


def _pictures(sample: Sample, maps: Mapping[str, np.ndarray]) -> tuple[Picture, ...]:
    image = read_image_of(sample)
    image.thumbnail((PIXELS, PIXELS))
    full = max(float(values.max()) for values in maps.values())
    return tuple(Picture(caption, data_uri(heat_over(image, values, full))) for caption, values in maps.items())
