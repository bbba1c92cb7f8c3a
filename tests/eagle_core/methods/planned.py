"""A threshold, a prediction, and the plan of a method for them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from eagle_core.config import EagleConfig
from eagle_core.methods import eagle
from eagle_core.records import (
    ExpertPrediction,
    ImagePart,
    TextPart,
    Threshold,
)

TAU, S_MAX, SIGMA = 3.0, 3.5, 0.4
THRESHOLD = Threshold(
    tau=TAU,
    s_max=S_MAX,
    method="kappa_sigma",
    mean=1.8,
    standard_deviation=SIGMA,
    tau_low=2.9,
    tau_high=3.2,
    interval_mass=0.02,
    training_scores=(1.0, 2.0, 3.5),
)
QUERY = Image.new("RGB", (56, 56), (90, 120, 150))
TEMPLATE = Image.new("RGB", (56, 56), (80, 120, 150))
UNSURE, CLEAR, NORMAL = 3.2, 5.0, 2.0


def prediction(score: float, image_id: str = "d/test/1.png") -> ExpertPrediction:
    """Patch (1, 2) of 7 x 7 has the score; on a 56 x 56 image it covers x 16..24, y 8..16."""
    grid = np.full((7, 7), 0.5, dtype=np.float32)
    grid[1, 2] = score
    return ExpertPrediction(image_id, score, grid, QUERY.size, np.ones(1, dtype=np.float32))


def configured(**sections: dict) -> EagleConfig:
    base = {"datasets": {"demo": {"root": "data/demo"}}}
    return EagleConfig.model_validate(base | sections)


def planned(method: str, score: float, **sections: dict) -> eagle.Plan:
    return eagle.plan(
        method,
        QUERY,
        [TEMPLATE],
        prediction(score),
        THRESHOLD,
        configured(**sections),
        template_ids=["train/7.png"],
    )


def roles(plan: eagle.Plan) -> list[str]:
    return [part.role for part in plan.prompt.parts]


def shown(plan: eagle.Plan, role: str) -> list[Image.Image]:
    return [part.image for part in plan.prompt.parts if isinstance(part, ImagePart) and part.role == role]


def said(plan: eagle.Plan) -> str:
    return "".join(part.text for part in plan.prompt.parts if isinstance(part, TextPart))
