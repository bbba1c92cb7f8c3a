"""At which quantiles the patch scores of normal images are kept, for thresholds of pixels."""

QUANTILE_LEVELS = tuple(1 - 10 ** (-step / 40) for step in range(201))
"""From 0 to 1 - 1e-5, the finer the higher."""
