"""The generalised extreme value law of the image scores (paper: appendix 6.2.1, Eq. 11).

Differs: the paper motivates the law but then uses kappa-sigma and gives no quantile; here tau is the fitted
law's quantile at a named target false-alarm rate. SciPy's shape is c = -gamma; its statistics are imported where the law is
fitted, as the other rules need none of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from eagle_core.errors import FitError

SHAPE_LIMIT = 1.0
"""For c >= 1 the likelihood has no maximum: it grows without bound as the upper end nears the largest score."""
MAX_EVALUATIONS = 4000


class GevParameters(NamedTuple):
    """Parameters in SciPy's convention."""

    c: float
    """Shape, -gamma of Eq. 11: negative for a heavy upper tail, positive for a bounded one."""
    location: float
    scale: float


def fit_gev(scores: np.ndarray, start: GevParameters | None = None) -> GevParameters:
    """Fit by maximum likelihood.

    Args:
        scores: ``(N,) float64``.
        start: Where the search begins; None: the L-moment estimate.

    Raises:
        FitError: The scores do not vary, or the likelihood has no maximum that can be found.
    """
    from scipy.optimize import minimize
    from scipy.stats import genextreme

    centre, spread = float(scores.mean()), float(scores.std())
    if not spread > 1e-12 * max(1.0, abs(centre)):
        raise FitError("gev: the training scores do not vary; use threshold.method quantile or kappa_sigma")
    # A location-scale family: search on standardised scores, whatever the unit of the distances.
    standard = (scores - centre) / spread
    first = _l_moment_estimate(standard) if start is None else _standardised(start, centre, spread)
    found = minimize(
        lambda p: genextreme.nnlf((p[0], p[1], np.exp(p[2])), standard),
        x0=(first.c, first.location, np.log(first.scale)),
        method="Nelder-Mead",
        options={"maxfev": MAX_EVALUATIONS, "maxiter": MAX_EVALUATIONS, "xatol": 1e-6, "fatol": 1e-8},
    )
    c, location, scale = float(found.x[0]), float(found.x[1]), float(np.exp(found.x[2]))
    if not found.success or not np.isfinite([c, location, scale, found.fun]).all() or c >= SHAPE_LIMIT:
        raise FitError(
            f"gev: no maximum of the likelihood was found for {len(scores)} training scores (shape c = {c:.3g}); "
            "use threshold.method quantile or kappa_sigma, or more training images"
        )
    return GevParameters(c, centre + spread * location, spread * scale)


def gev_quantile(parameters: GevParameters, exceedance: float) -> float:
    """The value that the law exceeds with probability ``exceedance``."""
    from scipy.stats import genextreme

    return float(genextreme.isf(exceedance, parameters.c, loc=parameters.location, scale=parameters.scale))


def _standardised(parameters: GevParameters, centre: float, spread: float) -> GevParameters:
    return GevParameters(parameters.c, (parameters.location - centre) / spread, parameters.scale / spread)


def _l_moment_estimate(scores: np.ndarray) -> GevParameters:
    """Hosking, Wallis and Wood (1985), who write k for SciPy's c; moved inward to where all scores are possible."""
    from scipy.special import gamma
    from scipy.stats import genextreme, lmoment

    first, second, skewness = (float(v) for v in lmoment(scores, order=[1, 2, 3], standardize=True))
    z = 2 / (3 + skewness) - np.log(2) / np.log(3)
    c = float(np.clip(7.8590 * z + 2.9554 * z**2, -0.9, 0.9))
    if abs(c) < 1e-3:
        c = 1e-3
    scale = second * c / ((1 - 2**-c) * gamma(1 + c))
    location = first - scale * (1 - gamma(1 + c)) / c
    while not np.isfinite(genextreme.nnlf((c, location, scale), scores)):
        c, scale = c / 2, scale * 1.1
    return GevParameters(c, float(location), float(scale))
