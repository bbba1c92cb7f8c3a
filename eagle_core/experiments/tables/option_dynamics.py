"""Log-probabilities of Yes and No by layer (paper: Fig. 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def dynamics_rows(subject: Mapping[str, str], values: np.ndarray) -> list[dict[str, Any]]:
    """One row for each layer, as ``layer_plot`` takes it.

    Args:
        subject: What each row begins with.
        values: ``(images, 3, layers) float64``: log-probabilities of Yes, No and a control.
    """
    rows = []
    for layer in range(values.shape[2]):
        yes, no, control = values[:, 0, layer], values[:, 1, layer], values[:, 2, layer]
        rows.append(
            {
                **subject,
                "layer": layer,
                "images": len(values),
                "yes": yes.mean(),
                "no": no.mean(),
                "control": control.mean(),
                "yes_deviation": yes.std(),
                "no_deviation": no.std(),
                "prefers_yes": float((yes > no).mean()),
            }
        )
    return rows
