"""A category's expert now, and with the added images: the table and lines that ``eagle data add`` shows."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Column, Table

from eagle_core.config import EagleConfig
from eagle_core.counted import counted
from eagle_core.evaluation.refit import Rate, flips_between, rates_of
from eagle_core.threshold.promise import percent
from flows.cli.console import plain
from tasks.adding.trial import Fitted

NOTHING = "–"
SHOWN = 20
"""Images whose verdict flips."""


def comparison_as_rich(now: Fitted | None, then: Fitted, config: EagleConfig, looked: int) -> Table:
    """Now beside then.

    Args:
        now: None: the category cannot be fitted now.
        then: With the new images.
        config: Of intervals.
        looked: New images whose features were computed before the second fit, which found them in the store.
    """
    shown = Table("", Column("now", overflow="fold"), Column("with the new images", overflow="fold"), title="before anything is changed", title_justify="left")
    columns = [_cells(side, config, early) if side is not None else {} for side, early in ((now, 0), (then, looked))]
    for row in columns[1]:
        shown.add_row(row, *plain(columns[0].get(row, NOTHING), columns[1][row]))
    return shown


def flip_lines(now: Fitted | None, then: Fitted) -> Iterator[str]:
    """A line for each test image whose verdict flips, and how many there are."""
    if now is None or not len(then.judged.labels):
        return
    flips = flips_between(now.judged, then.judged)
    yield f"of {counted(len(then.judged.labels), 'labelled test image')}, {len(flips)} {'is' if len(flips) == 1 else 'are'} judged otherwise than now"
    for flip in flips[:SHOWN]:
        was, becomes = ("defective", "normal") if flip.was_alarm else ("normal", "defective")
        right = "wrong" if flip.was_alarm == flip.is_defective else "right"
        yield f"  {flip.image_id}: {was} now, {becomes} then, which is {right}"


def _cells(side: Fitted, config: EagleConfig, looked: int) -> dict[str, str]:
    tau, promise = side.threshold, side.threshold.promise
    rates = rates_of(side.judged, config.evaluation.confidence, config.evaluation.bootstrap_samples, config.run.seed)
    parts = NOTHING if tau.different_parts is None else f"about {max(1, round(tau.different_parts))}"
    promised = "none: threshold.method conformal promises a rate" if promise is None else percent(promise.rate)
    if promise is not None:
        promised += "" if promise.rate == promise.asked else f" ({percent(promise.asked)} asked)"
        promised += "; simulated, no theorem" if promise.bound is None else f"; guaranteed: at most {percent(promise.bound)}"
    return {
        "good images": f"{side.images}" + (f", {side.calibration} kept apart" if side.calibration else ""),
        "different parts (effective number)": parts,
        "scored by (calibration)": f"{side.chosen.rule.replace('_', '-')}" + (f": {side.chosen.reason}" if side.chosen.reason else ""),
        "limit (threshold τ) [95 %]": f"{tau.tau:.4g} [{tau.tau_low:.4g}, {tau.tau_high:.4g}]",
        "promised false alarms": promised,
        "features computed": _computed(side, config, looked),
        "balanced accuracy": _rate(rates.balanced_accuracy),
        "false alarms": _rate(rates.false_alarms),
        "defects found (recall)": _rate(rates.recall),
    }


def _computed(side: Fitted, config: EagleConfig, looked: int) -> str:
    if config.expert.kind != "patchcore":
        return f"of all images: expert.kind {config.expert.kind} keeps none"
    return f"of {counted(side.features.computed + looked, 'image')}, {max(0, side.features.kept - looked)} from the store"


def _rate(rate: Rate) -> str:
    if rate.value is None or rate.low is None or rate.high is None:
        return "no labelled test images"
    return f"{percent(rate.value)} [{percent(rate.low)}, {percent(rate.high)}], {counted(rate.images, 'image')}"
