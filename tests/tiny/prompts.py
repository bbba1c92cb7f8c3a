"""Seeded prompts over random images."""

from __future__ import annotations

import numpy as np
from PIL import Image

from eagle_core.guidance.prompt import DEFECT_QUESTION, build_prompt
from eagle_core.records import Prompt


def image(seed: int, width: int, height: int) -> Image.Image:
    """A random RGB image."""
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def eagle_prompt(seed: int = 0) -> Prompt:
    """Template, query and boxed query, with the anomalous prior."""
    query = image(seed, 112, 56)
    return build_prompt(
        DEFECT_QUESTION,
        query,
        templates=[image(seed + 1, 56, 56)],
        predicted_anomalous=True,
        boxed_query=image(seed + 2, 112, 56),
    )


def short_prompt(seed: int = 9) -> Prompt:
    """The query alone, with the normal prior: shorter, so that a batch of both is padded."""
    return build_prompt(DEFECT_QUESTION, image(seed, 80, 80), predicted_anomalous=False)


def bare_prompt(seed: int = 20) -> Prompt:
    """Template and query, no prior."""
    return build_prompt(DEFECT_QUESTION, image(seed, 64, 90), templates=[image(seed + 1, 56, 80)])
