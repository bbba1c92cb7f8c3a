"""Balanced accuracy against alpha (paper: Fig. 10), with the expert alone as the line to beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from eagle_core.report import style

COLOURS = (style.RIGHT, style.WRONG, style.TRAIN_NORMAL, style.TEST_DEFECTIVE, style.GROUND_TRUTH, style.INK)


def draw(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]], expert: float | None, path: Path, title: str
) -> None:
    """Write a PNG.

    Args:
        lines: MLLM to (alphas, macro balanced accuracies).
        expert: Macro balanced accuracy of the expert alone.
        path: Of the PNG.
        title: The dataset.
    """
    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axis = figure.subplots()
    for (name, (alphas, accuracies)), colour in zip(lines.items(), COLOURS * len(lines), strict=False):
        axis.plot(alphas, accuracies, marker="o", markersize=4, color=colour, label=f"EAGLE, {name}")
    if expert is not None:
        axis.axhline(expert, color=style.FAINT, linestyle="--", linewidth=1, label="expert alone")
    axis.set(xlabel="α", ylabel="balanced accuracy, macro mean", title=title)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=9)
    style.save(figure, path)
