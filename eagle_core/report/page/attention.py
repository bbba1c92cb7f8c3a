"""Where the answer looks without and with CAAS, for the report's gallery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from eagle_core.attention.settings import AttentionSettings
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


def attention_pictures(
    model: TransformersChatModel,
    settings: AttentionSettings,
    samples: Sequence[Sample],
    plans: Mapping[str, Mapping[str, Plan]],
) -> dict[str, tuple[Picture, ...]]:
    """A map of the guided layers' mean for each caption and image, by image_id, on one scale for an image's maps.

    Args:
        model: Is asked again, one prefill for each plan.
        settings: Which layers are guided, and how.
        samples: The images.
        plans: By caption and image_id; an image that lacks one is left out.

    Returns:
        Empty where the model cannot be looked into.
    """
    layers = settings.layers_for(model.depth)
    complete = [sample for sample in samples if all(sample.image_id in mine for mine in plans.values())]
    pictures = {}
    for sample in complete:
        maps: dict[str, np.ndarray] = {}
        for caption, mine in plans.items():
            plan = mine[sample.image_id]
            try:
                [seen] = query_attention(model, [plan.prompt], [plan.attention], settings)
            except EagleError:
                return {}
            except ABOUT_ONE_PROMPT:
                # Recorded as failed where it was asked; here it has no map.
                break
            maps[caption] = seen.map(layers)
        else:
            pictures[sample.image_id] = _pictures(sample, maps)
    return pictures


def _pictures(sample: Sample, maps: Mapping[str, np.ndarray]) -> tuple[Picture, ...]:
    image = read_image_of(sample)
    image.thumbnail((PIXELS, PIXELS))
    full = max(float(values.max()) for values in maps.values())
    return tuple(Picture(caption, data_uri(heat_over(image, values, full))) for caption, values in maps.items())
