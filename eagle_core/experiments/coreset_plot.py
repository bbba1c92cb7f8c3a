"""How many patches of a training image the coreset keeps, and how many DBT is left with (paper: Fig. 3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from eagle_core.report import style


def draw(shares: Mapping[str, tuple[float, float]], path: Path, title: str) -> None:
    """Write a PNG.

    Args:
        shares: Category to (sampled, unsampled) patches, means over its training images.
        path: Of the PNG.
        title: The dataset.
    """
    figure = Figure(figsize=(1.5 + 0.9 * len(shares), 3.6), layout="constrained")
    axis = figure.subplots()
    names = list(shares)
    sampled, unsampled = ([pair[side] for pair in shares.values()] for side in (0, 1))
    axis.bar(names, unsampled, color=style.TRAIN_NORMAL, label="unsampled")
    bars = axis.bar(names, sampled, bottom=unsampled, color=style.WRONG, label="sampled")
    axis.bar_label(bars, [f"{s / (s + u):.1%}" for s, u in shares.values()], fontsize=8)
    axis.set(ylabel="patches per training image", title=title)
    axis.tick_params(axis="x", labelrotation=30, labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=9, loc="lower right")
    style.save(figure, path)
