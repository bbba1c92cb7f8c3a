"""How many questions of each type are asked (Echo: Fig. 4)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from eagle_core.report import style


def draw(counts: Mapping[str, int], path: Path, title: str) -> None:
    """Write a PNG.

    Args:
        counts: Questions by type, in the order in which they are drawn from the top.
        path: Of the PNG.
        title: The dataset.
    """
    figure = Figure(figsize=(6, 0.8 + 0.4 * max(4, len(counts))), layout="constrained")
    axis = figure.subplots()
    bars = axis.barh(list(counts), list(counts.values()), color=style.TEST_NORMAL)
    axis.bar_label(bars, padding=3, fontsize=9)
    axis.invert_yaxis()
    axis.set(xlabel="questions", title=title)
    axis.margins(x=0.12)
    axis.spines[["top", "right"]].set_visible(False)
    style.save(figure, path)
