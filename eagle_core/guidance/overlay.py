"""Red boxes on the original image (paper: Fig. 13 and section 3.2.3)."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from eagle_core.records import Box

RED = (255, 0, 0)


def draw_boxes(image: Image.Image, boxes: Sequence[Box], line_width: int = 2) -> Image.Image:
    """Return an RGB copy of ``image`` with the outline of each box in pure red, drawn inside the box."""
    drawn = image.convert("RGB").copy()
    pen = ImageDraw.Draw(drawn)
    for box in boxes:
        pen.rectangle((box.x0, box.y0, box.x1 - 1, box.y1 - 1), outline=RED, width=line_width)
    return drawn
