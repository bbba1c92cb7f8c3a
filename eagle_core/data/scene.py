"""What a generated image shows, in words: the ground truth from which questions and explanations are made.

Shared by the demo generator and the training generator; knows nothing of pixels beyond the defect's box.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Place = Literal[
    "top left", "top", "top right", "left", "center", "right", "bottom left", "bottom", "bottom right"
]
Severity = Literal["slight", "moderate", "severe"]
PLACES: tuple[Place, ...] = get_args(Place)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
Family = Literal["texture", "object"]


@dataclass(frozen=True, slots=True)
class DefectFacts:
    """How a kind of defect looks and what it does, for description and analysis questions."""

    appearance: str
    effect: str


DEFECT_KINDS: dict[str, DefectFacts] = {
    "scratch": DefectFacts("a thin straight line", "it weakens the protective surface"),
    "stain": DefectFacts("a soft-edged discoloured patch", "it spoils the appearance"),
    "hole": DefectFacts("a small dark round opening", "it lets dirt and moisture in"),
    "dent": DefectFacts("a shaded round depression", "it changes the shape"),
    "thread": DefectFacts("a thin curly fibre", "it contaminates the surface"),
    "chip": DefectFacts("a piece broken off the edge", "it leaves a sharp edge"),
    "missing part": DefectFacts("an empty spot where a part should be", "it stops the product from working"),
    "color change": DefectFacts("a part in the wrong colour", "it confuses assembly"),
    "foreign patch": DefectFacts("a patch with another pattern", "it mixes in another material"),
    "crack": DefectFacts("a jagged branching line", "it can make the product break"),
    "contamination": DefectFacts("a cluster of small specks", "it makes the product unclean"),
    "distortion": DefectFacts("a locally warped pattern", "it breaks the regular structure"),
    "misplacement": DefectFacts("a part that sits in the wrong position", "it prevents a proper fit"),
}


@dataclass(frozen=True, slots=True)
class DefectRecord:
    """One defect as it was painted."""

    kind: str
    """Key of DEFECT_KINDS."""
    place: Place
    """Ninth of the image that holds the centre of the defect."""
    severity: Severity
    strength: float
    """Contrast in [0, 1] that the painter used; severity is its tercile."""
    box: tuple[int, int, int, int]
    """Bounding box of the mask, half-open pixels x0, y0, x1, y1."""


@dataclass(frozen=True, slots=True)
class SceneRecord:
    """One generated image in words."""

    category: str
    object_name: str
    """In plain words, such as ``woven fabric`` or ``hexagonal nut``."""
    family: Family
    color: str
    """Dominant colour in plain words, such as ``grey``."""
    defect: DefectRecord | None


def place_of(x: float, y: float, width: int, height: int) -> Place:
    """The ninth of a ``width`` x ``height`` image that holds the pixel position (x, y)."""
    rows, columns = ("top", "", "bottom"), ("left", "", "right")
    row = rows[min(2, int(3 * y / height))]
    column = columns[min(2, int(3 * x / width))]
    return (" ".join(word for word in (row, column) if word) or "center")  # type: ignore[return-value]


def severity_of(strength: float) -> Severity:
    """Tercile of ``strength`` in [0, 1]."""
    return "slight" if strength < 1 / 3 else "moderate" if strength < 2 / 3 else "severe"
