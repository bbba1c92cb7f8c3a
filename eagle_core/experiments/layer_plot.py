"""Log-probabilities of "Yes" and "No" by layer, one panel for each setting (paper: Fig. 7)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from eagle_core.counted import counted
from eagle_core.report import style

PANEL_INCHES = 3.3


def draw(table: pd.DataFrame, guided: Sequence[int], path: Path, title: str) -> None:
    """Write a PNG.

    Args:
        table: One row for each ``setting`` and ``layer``: means ``yes``, ``no`` and ``control`` of natural-log
            probabilities, standard deviations ``yes_deviation`` and ``no_deviation``, ``images``.
        guided: Layers that CAAS guides, shaded.
        path: Of the PNG.
        title: Dataset and MLLM.
    """
    settings = list(dict.fromkeys(table["setting"]))
    figure = Figure(figsize=(PANEL_INCHES * len(settings), 3.4), layout="constrained")
    axes = figure.subplots(1, len(settings), sharey=True, squeeze=False)[0]
    for axis, setting in zip(axes, settings, strict=True):
        mine = table[table["setting"] == setting]
        axis.axvspan(min(guided) - 0.5, max(guided) + 0.5, color=style.UNSURE, alpha=0.25, linewidth=0)
        for name, colour, label in (("yes", style.RIGHT, "Yes (right)"), ("no", style.WRONG, "No (wrong)")):
            mean, deviation = mine[name], mine[f"{name}_deviation"]
            axis.plot(mine["layer"], mean, color=colour, marker="o", markersize=3, label=label)
            axis.fill_between(mine["layer"], mean - deviation, mean + deviation, color=colour, alpha=0.15, linewidth=0)
        axis.plot(mine["layer"], mine["control"], color=style.FAINT, linestyle=":", label="a letter that is no option")
        axis.set(xlabel="layer", title=f"{setting} ({counted(int(mine['images'].iloc[0]), 'image')})")
        axis.title.set_fontsize(9)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("log-probability, ± standard deviation")
    axes[0].legend(frameon=False, fontsize=8)
    figure.suptitle(f"{title}: defective images; shaded: layers that CAAS guides", fontsize=10)
    style.save(figure, path)
