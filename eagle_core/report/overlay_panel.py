"""One image's verdict as a picture: the original with boxes, the anomaly map over it, the verdict above."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from eagle_core.config import PreprocessingConfig
from eagle_core.geometry import ImageGeometry
from eagle_core.records import ExpertPrediction, Guidance, Threshold
from eagle_core.report import style

PANEL_INCHES = 4.6
COLOURS = "inferno"
"""Even steps for every kind of colour vision."""
OPACITY = 0.8
LINE_CHARACTERS = 108


def draw(
    image: Image.Image,
    prediction: ExpertPrediction,
    threshold: Threshold,
    guidance: Guidance | None,
    preprocessing: PreprocessingConfig,
    path: Path,
    *,
    word: str | None = None,
    p_defect: float | None = None,
    explanation: str | None = None,
) -> None:
    """Write a PNG of two panels; pixels that the network did not see stay without a map.

    Args:
        image: The original, RGB.
        prediction: Of this image.
        threshold: Of its category.
        guidance: Its boxes are drawn; None: none.
        preprocessing: With which the prediction was made.
        path: Of the PNG.
        word: What was decided, and by whom; None: nothing stands above the expert's line.
        p_defect: The MLLM's P(defect); None: not asked, not parsed, or a model that gives none.
        explanation: The MLLM's sentence.
    """
    boxes = guidance.boxes if guidance else ()
    caption = _verdict_line(prediction, threshold, guidance, word, p_defect)
    sentence = textwrap.wrap(f"“{explanation}”", LINE_CHARACTERS) if explanation else []
    height = min(1.6, max(0.4, image.height / image.width)) * PANEL_INCHES
    figure = Figure(
        figsize=(2 * PANEL_INCHES + 0.9, height + 0.75 + 0.22 * len(sentence)), layout="constrained"
    )
    left, right = figure.subplots(1, 2)
    left.imshow(image)
    for box in boxes:
        corner = (box.x0 - 0.5, box.y0 - 0.5)
        left.add_patch(
            Rectangle(corner, box.x1 - box.x0, box.y1 - box.y0, fill=False, edgecolor="#FF0000", linewidth=2)
        )
        left.annotate(
            f"{box.score:.3g}",
            corner,
            fontsize=8,
            color="white",
            va="bottom",
            bbox={"facecolor": "#C00000", "edgecolor": "none", "pad": 1.2},
        )
    left.set_title(f"{len(boxes)} box{'es' if len(boxes) != 1 else ''}", fontsize=9, color=style.FAINT)
    _draw_map(figure, right, image, prediction, threshold, preprocessing)
    for axis in (left, right):
        axis.set_xticks([])
        axis.set_yticks([])
    figure.suptitle("\n".join([caption, *sentence]), fontsize=10.5, color=style.INK, x=0.01, ha="left")
    style.save(figure, path)


def _draw_map(
    figure: Figure,
    axis: Axes,
    image: Image.Image,
    prediction: ExpertPrediction,
    threshold: Threshold,
    preprocessing: PreprocessingConfig,
) -> None:
    geometry = ImageGeometry.of(prediction.image_size, preprocessing)
    scores = np.ma.masked_where(~geometry.inspected_mask(), geometry.to_original(prediction.patch_scores))
    # One scale for all images of a category as far as their scores allow: from nothing to well above tau.
    top = max(prediction.score, 1.5 * threshold.tau)
    axis.imshow(image.convert("L"), cmap="gray", vmin=0, vmax=255)
    # The lower a score, the more of the image shows through; from tau on the map is at its strongest.
    opacity = OPACITY * np.clip(scores.filled(0) / max(threshold.tau, 1e-12), 0, 1) ** 2
    drawn = axis.imshow(scores, cmap=COLOURS, vmin=0, vmax=top, alpha=opacity)
    if scores.max() > threshold.tau > scores.min() and min(scores.shape) > 1:
        axis.contour(scores, levels=[threshold.tau], colors="white", linewidths=1.2)
    bar = figure.colorbar(ScalarMappable(drawn.norm, drawn.cmap), ax=axis, fraction=0.046, pad=0.02)
    bar.ax.axhline(threshold.tau, color="white", linewidth=2)
    bar.set_ticks([0, threshold.tau, top], labels=["0", f"τ {threshold.tau:.3g}", f"{top:.3g}"])
    unseen = "" if geometry.inspected_mask().all() else "; outside the square: not inspected"
    axis.set_title(f"anomaly map, white line: τ{unseen}", fontsize=9, color=style.FAINT)
    if unseen:
        seen = geometry.box_to_original((0, 0, *geometry.input_size))
        corner = (seen.x0 - 0.5, seen.y0 - 0.5)
        axis.add_patch(
            Rectangle(
                corner, seen.x1 - seen.x0, seen.y1 - seen.y0, fill=False, edgecolor="white", linestyle=":"
            )
        )


def _verdict_line(
    prediction: ExpertPrediction, threshold: Threshold, guidance: Guidance | None, word: str | None, p_defect: float | None
) -> str:
    says = "anomalous" if prediction.score >= threshold.tau else "normal"
    relation = "≥" if prediction.score >= threshold.tau else "<"
    words = [f"expert: {says} (score {prediction.score:.3g} {relation} τ {threshold.tau:.3g})"]
    if p_defect is not None:
        words.append(f"MLLM: P(defect) {p_defect:.2f}")
    if word is not None:
        words.insert(0, word)
    if guidance is not None and guidance.gate_open:
        words.append("low confidence: attention guided")
    return "   ·   ".join(words)
