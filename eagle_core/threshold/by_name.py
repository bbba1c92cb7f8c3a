"""A rule by its name: a file of this folder with a function of that name, whose further arguments are keys of ``threshold``.

So that a rule is added by writing its file and naming it in ``ThresholdConfig.method``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module

import numpy as np

from eagle_core.config import ThresholdConfig

Rule = Callable[[np.ndarray], np.ndarray]
"""``(..., N)`` scores to ``(...)`` thresholds."""


def rule_named(config: ThresholdConfig) -> Rule:
    """The configured rule with its settings: ``mad(scores, kappa)`` gets ``threshold.kappa``."""
    rule = getattr(import_module(f"eagle_core.threshold.{config.method}"), config.method)
    settings = {name: getattr(config, name) for name in list(inspect.signature(rule).parameters)[1:]}
    return lambda scores: rule(scores, **settings)
