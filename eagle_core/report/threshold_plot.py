"""Histograms of the expert's scores with tau and s_max (paper: Figs. 4, 11 and 12)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eagle_core.counted import counted
from eagle_core.errors import DataError
from eagle_core.records import Threshold
from eagle_core.report import style

BINS = 48


def draw(
    train_scores: Sequence[float] | np.ndarray,
    test_scores: Sequence[float] | np.ndarray,
    test_labels: Sequence[bool | None],
    threshold: Threshold,
    path: Path,
    title: str,
) -> None:
    """Write a PNG: one panel each for training, normal and defective test images, on one score axis.

    Paper: Fig. 4 lays the three over each other; here they stand under each other, so that a few normal test
    images are not hidden behind hundreds of training images.

    Args:
        train_scores: ``(N,)`` DBT scores of the normal training images.
        test_scores: ``(M,)`` scores of the test images.
        test_labels: M labels, True for defective, None for unlabelled (a fourth panel).
        threshold: tau with its interval, and s_max.
        path: Of the PNG.
        title: Such as ``demo / weave``.

    Raises:
        DataError: A score is not finite, or labels and scores differ in number.
    """
    train, test = np.asarray(train_scores, dtype=np.float64), np.asarray(test_scores, dtype=np.float64)
    if len(test) != len(test_labels):
        raise DataError(f"{title}: {len(test)} test scores but {len(test_labels)} labels")
    if not (np.isfinite(train).all() and np.isfinite(test).all()):
        raise DataError(f"{title}: a score is not finite; score the images again")
    panels: list[tuple[str, np.ndarray, str, str | None]] = [
        ("train, normal", train, style.TRAIN_NORMAL, None)
    ]
    for label, name, colour, error in (
        (False, "test, normal", style.TEST_NORMAL, "false alarms"),
        (True, "test, defective", style.TEST_DEFECTIVE, "missed"),
        (None, "test, unlabelled", style.UNLABELLED, None),
    ):
        chosen = test[[given is label for given in test_labels]]
        if len(chosen):
            panels.append((name, chosen, colour, error))
    figure = Figure(figsize=(8, 1.1 + 1.35 * len(panels)), layout="constrained")
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    edges = _edges(np.concatenate([train, test]), threshold)
    for axis, (name, scores, colour, error) in zip(axes, panels, strict=True):
        axis.hist(scores, bins=edges, color=colour, edgecolor="white", linewidth=0.4, zorder=2)
        _mark_threshold(axis, threshold)
        _describe(axis, name, scores, colour, error, threshold)
    _name_lines(axes[0], threshold)
    axes[-1].set_xlabel(f"anomaly score of the image\n{_key(threshold)}", fontsize=9, color=style.INK)
    figure.suptitle(f"{title}   ·   {threshold.method}", x=0.01, ha="left", fontsize=12, color=style.INK)
    style.save(figure, path)


def _edges(scores: np.ndarray, threshold: Threshold) -> np.ndarray:
    shown = np.concatenate([scores, [threshold.tau, threshold.s_max]])
    low, high = float(shown.min()), float(shown.max())
    margin = 0.02 * (high - low) or 0.5
    return np.linspace(low - margin, high + margin, BINS + 1)


def _mark_threshold(axis: Axes, threshold: Threshold) -> None:
    if not threshold.interval_is_empty:
        axis.axvspan(threshold.tau, threshold.s_max, color=style.UNSURE, alpha=0.45, linewidth=0, zorder=0)
    axis.axvspan(threshold.tau_low, threshold.tau_high, color=style.INK, alpha=0.12, linewidth=0, zorder=1)
    axis.axvline(threshold.tau, color=style.INK, linewidth=1.6, zorder=3)
    axis.axvline(threshold.s_max, color=style.INK, linewidth=1.2, linestyle=(0, (4, 3)), zorder=3)


def _describe(
    axis: Axes, name: str, scores: np.ndarray, colour: str, error: str | None, threshold: Threshold
) -> None:
    above = int((scores >= threshold.tau).sum())
    wrong = above if error == "false alarms" else len(scores) - above
    lines = [counted(len(scores), "image"), f"{above} at or above τ" if error is None else f"{wrong} {error}"]
    axis.text(
        0.995,
        0.9,
        "\n".join([name, *lines]),
        transform=axis.transAxes,
        ha="right",
        va="top",
        fontsize=9,
        color=style.INK,
        linespacing=1.35,
        zorder=5,
        bbox={"facecolor": "white", "edgecolor": colour, "linewidth": 1.2, "boxstyle": "round,pad=0.35"},
    )
    axis.spines[["top", "right"]].set_visible(False)
    axis.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axis.tick_params(labelsize=8, colors=style.FAINT)
    axis.set_ylabel("images", fontsize=8, color=style.FAINT)


def _key(threshold: Threshold) -> str:
    gate = "yellow: [τ, s_max], where the paper's gate is open"
    empty = "s_max lies below τ: the paper's gate never opens"
    return f"grey: 95 % interval of τ   ·   {empty if threshold.interval_is_empty else gate}"


def _name_lines(axis: Axes, threshold: Threshold) -> None:
    """Above the top panel, each to the outside of its line."""
    interval = f"τ {threshold.tau:.3g} [{threshold.tau_low:.3g}, {threshold.tau_high:.3g}]"
    named = sorted([(threshold.tau, interval), (threshold.s_max, f"s_max {threshold.s_max:.3g}")])
    for (position, text), side in zip(named, ("right", "left"), strict=True):
        padded = f"{text} " if side == "right" else f" {text}"
        axis.text(
            position, 1.03, padded, transform=axis.get_xaxis_transform(), fontsize=9, ha=side, color=style.INK
        )
