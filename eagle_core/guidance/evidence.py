"""Does a sentence agree with what was measured: the expert's score, its boxes, the MLLM's own verdict?"""

from __future__ import annotations

from collections.abc import Sequence

from eagle_core.data.scene import PLACES
from eagle_core.guidance.explanation import parse_explanation
from eagle_core.records import Box


def contradictions(
    text: str,
    *,
    verdict_defective: bool | None,
    score: float,
    tau: float,
    boxes: Sequence[Box],
    image_size: tuple[int, int],
) -> tuple[str, ...]:
    """What the sentence claims against the evidence, a line each; empty where nothing contradicts.

    Args:
        text: The MLLM's sentence.
        verdict_defective: The MLLM's answer to the yes/no question; None: it gave none.
        score: The expert's anomaly score; ``score >= tau`` is its verdict.
        tau: Threshold.
        boxes: The expert's boxes in pixels of the original image; empty: the place cannot be checked.
        image_size: (width, height) of the original image.
    """
    claimed = parse_explanation(text)
    if claimed.says_defect is None:
        return ("the sentence claims nothing that can be checked",)
    found = []
    states = "a defect" if claimed.says_defect else "no defect"
    if verdict_defective is not None and claimed.says_defect != verdict_defective:
        found.append(f"the sentence claims {states}, the answer was {'defective' if verdict_defective else 'normal'}")
    if claimed.says_defect != (score >= tau):
        relation = "reaches" if score >= tau else "is below"
        found.append(f"the sentence claims {states}, the expert's score {score:.4g} {relation} tau {tau:.4g}")
    if claimed.says_defect and boxes and claimed.place in PLACES:
        touched = places_of(boxes, image_size)
        if claimed.place not in touched:
            found.append(f"the sentence claims the {claimed.place}, the boxes lie in the {', '.join(touched)}")
    return tuple(found)


def places_of(boxes: Sequence[Box], image_size: tuple[int, int]) -> tuple[str, ...]:
    """The ninths of the image that any box overlaps, in reading order."""
    width, height = image_size
    touched = []
    for number, place in enumerate(PLACES):
        row, column = divmod(number, 3)
        x0, x1, y0, y1 = column * width / 3, (column + 1) * width / 3, row * height / 3, (row + 1) * height / 3
        if any(b.x0 < x1 and b.x1 > x0 and b.y0 < y1 and b.y1 > y0 for b in boxes):
            touched.append(place)
    return tuple(touched)
