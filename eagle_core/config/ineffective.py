"""Keys that change nothing under the rules that are chosen: somebody who sets one believes that it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from eagle_core.config.eagle import EagleConfig


def without_effect(config: EagleConfig, asked: Iterable[str]) -> list[str]:
    """A sentence for each of the ``asked`` keys that the rest of ``config`` makes idle.

    Args:
        config: As it will be used.
        asked: Dotted keys that somebody set, as against those that stand in the base of params.yaml.
    """
    given = set(asked)
    return [
        f"{key} has no effect {why}"
        for key, why in _idle(config)
        if any(name == key or name.startswith(f"{key}.") for name in given)
    ]


def _idle(config: EagleConfig) -> Iterator[tuple[str, str]]:
    method, calibration = config.threshold.method, config.expert.calibration
    if method not in ("gev", "quantile", "conformal"):
        by_rate = "conformal keeps a promised rate, quantile and gev aim at one"
        yield "threshold.false_alarm_rate", f"with threshold.method {method}: {by_rate}"
    if method not in ("kappa_sigma", "mad"):
        yield "threshold.kappa", f"with threshold.method {method}: it scales the spread in kappa_sigma and mad"
    if calibration not in ("auto", "cross_fitted", "grouped"):
        yield "expert.folds", f"with expert.calibration {calibration}: cross_fitted and grouped divide images into folds"
    if calibration not in ("as_printed", "unsampled"):
        yield "expert.min_unsampled_patches", f"with expert.calibration {calibration}: all patches of an image are scored"
    if calibration not in ("auto", "grouped", "held_out"):
        for name in config.datasets:
            yield f"datasets.{name}.groups", f"with expert.calibration {calibration}: auto, grouped and held_out use groups"
    if config.caas.gate != "symmetric":
        yield "caas.gate_width", f"with caas.gate {config.caas.gate}: it is the width of the symmetric gate"
