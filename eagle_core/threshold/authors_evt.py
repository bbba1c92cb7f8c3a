"""The rule of the authors' released code, reproduced with its slip, so that their numbers can be compared.

They choose the GEV quantile's level p from the sign of the shape: 0.97 for a heavy tail, and for a bounded one
a level tied to the law's upper end, at most 0.98. But SciPy's c = -gamma is passed where gamma is meant, so the
two cases are swapped. To be bug-for-bug theirs it needs ``expert.distance: squared`` as well.
"""

from __future__ import annotations

import numpy as np

from eagle_core.threshold.gev import GevParameters

HEAVY_LEVEL = 0.97
BOUNDED_LEVEL = 0.98
MARGIN = 0.3
"""Their b: distance from the standardised law's upper end."""


def authors_level(parameters: GevParameters) -> float:
    """Their p. At the point b short of the end -1/x of the standard law with gamma = x < 0, its distribution
    function is exp(-(b|x|)^(1/|x|)); they evaluate it with x = c instead of x = -c."""
    mistaken = parameters.c
    if mistaken >= 0:
        return HEAVY_LEVEL
    return min(BOUNDED_LEVEL, float(np.exp(-((MARGIN * -mistaken) ** (1 / -mistaken)))))
