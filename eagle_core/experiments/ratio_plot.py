"""Attention ratio by layer, correct against incorrect answers, and the difference between alike images (Fig. 8)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from eagle_core.report import style


def draw(table: pd.DataFrame, path: Path, title: str) -> None:
    """Write a PNG.

    Args:
        table: One row for each layer: ``layer``, ``correct``, ``incorrect`` (means), ``correct_deviation``,
            ``incorrect_deviation``, ``matched_difference``, ``low``, ``high`` (empty where no pair was found),
            ``correct_images``, ``incorrect_images``, ``pairs``.
        path: Of the PNG.
        title: Dataset, MLLM and method.
    """
    figure = Figure(figsize=(9.2, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    counts = table.iloc[0]
    for name, colour in (("correct", style.RIGHT), ("incorrect", style.WRONG)):
        mean, deviation = table[name], table[f"{name}_deviation"]
        left.plot(table["layer"], mean, color=colour, marker="o", markersize=3, label=f"{name} ({int(counts[f'{name}_images'])})")
        left.fill_between(table["layer"], mean - deviation, mean + deviation, color=colour, alpha=0.15, linewidth=0)
    left.set(xlabel="layer", ylabel="attention ratio", title="all defective images, ± standard deviation")
    left.legend(frameon=False, fontsize=9)
    right.axhline(0, color=style.FAINT, linewidth=0.8)
    right.plot(table["layer"], table["matched_difference"].astype("float64"), color=style.INK, marker="o", markersize=3)
    low, high = table["low"].astype("float64"), table["high"].astype("float64")
    right.fill_between(table["layer"], low, high, color=style.INK, alpha=0.15, linewidth=0)
    right.set(
        xlabel="layer",
        ylabel="correct − incorrect",
        title=f"{int(counts['pairs'])} pairs of like defect size, 95 % interval",
    )
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
        axis.title.set_fontsize(9)
    figure.suptitle(title, fontsize=10)
    style.save(figure, path)
