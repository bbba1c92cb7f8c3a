"""Where the answer looks: attention maps on the original images, one column for each setting (Figs. 1, 6 and 9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from eagle_core.report import style

CELL_INCHES = 2.1
COLOURS = "inferno"
OPACITY = 0.8
"""Of attention of at least half the row's highest; less attention covers less of the image."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One image under every setting."""

    image: Image.Image
    """RGB."""
    mask: np.ndarray
    """``(H, W) bool``: the defect."""
    label: str
    maps: Mapping[str, tuple[np.ndarray, str]]
    """Setting to its map, ``(H, W) float32``, and a line beneath it: P(defect), attention ratio."""


def draw(rows: Sequence[SheetRow], path: Path, title: str) -> None:
    """Write a PNG: the image with its defect outlined, then each setting's map; one colour scale for each row."""
    settings = list(rows[0].maps)
    figure = Figure(
        figsize=(CELL_INCHES * (1 + len(settings)), (CELL_INCHES + 0.3) * len(rows) + 0.4), layout="constrained"
    )
    grid = figure.subplots(len(rows), 1 + len(settings), squeeze=False)
    for axes, row in zip(grid, rows, strict=True):
        _show(axes[0], row.image, row.mask, row.label)
        top = max(float(values.max()) for values, _ in row.maps.values())
        for axis, (setting, (values, caption)) in zip(axes[1:], row.maps.items(), strict=True):
            _show(axis, row.image.convert("L"), row.mask, caption)
            seen = np.clip(2 * values / max(top, 1e-12), 0, 1)
            axis.imshow(values, cmap=COLOURS, vmin=0, vmax=top, alpha=OPACITY * seen)
            if row is rows[0]:
                axis.set_title(setting, fontsize=9)
    figure.suptitle(title, fontsize=10)
    style.save(figure, path)


def _show(axis: Axes, image: Image.Image, mask: np.ndarray, caption: str) -> None:
    axis.imshow(image, cmap="gray")
    axis.contour(mask, levels=[0.5], colors=[style.GROUND_TRUTH], linewidths=1)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_xlabel(caption, fontsize=8)
