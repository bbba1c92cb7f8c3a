"""How much of the answer's attention is on the images, layer by layer, without and with guidance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from eagle_core.mllm.visual_mass import LayerMass

COLUMNS = ["point", "mllm", "layer", "images", "stock", "guided", "raised", "mean_visual_logit"]


def mass_rows(point: str, mllm: str, layers: Sequence[int], images: Sequence[Sequence[LayerMass]]) -> list[dict[str, Any]]:
    """One row for each of ``layers`` that was observed; ``images`` are the readings of each image.

    ``stock`` is what a layer would give without being guided itself; ``raised`` the share of images where guidance
    moved it up. In mode ``values`` weights stay as they are, so that both are equal.
    """
    rows = []
    for layer in layers:
        mine = [mass for image in images for mass in image if mass.layer == layer]
        if mine:
            rows.append(
                {
                    "point": point,
                    "mllm": mllm,
                    "layer": layer,
                    "images": len(mine),
                    "stock": float(np.mean([m.stock for m in mine])),
                    "guided": float(np.mean([m.guided for m in mine])),
                    "raised": float(np.mean([m.guided > m.stock for m in mine])),
                    "mean_visual_logit": float(np.mean([m.mean_visual_logit for m in mine])),
                }
            )
    return rows
