"""Random product categories and their images: what the embedded models are trained on.

A category fixes surface, shape, parts and colours; every image of it differs by pose, light and noise.
Knows nothing of the demo's categories, which none of this may draw.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eagle_core.data.scene import DefectRecord, Family, SceneRecord, place_of, severity_of
from eagle_core.training.scenes.canvas import (
    COLUMNS,
    ROWS,
    SIDE,
    color_word,
    disc,
    random_color,
    smooth_noise,
)
from eagle_core.training.scenes.defects import CHIP, DEFECTS, PART_DEFECTS, bite
from eagle_core.training.scenes.markings import Marking, draw_markings, paint_markings
from eagle_core.training.scenes.objects import OBJECTS, Outline, coverage
from eagle_core.training.scenes.parts import Part, draw_parts, paint_part, paint_socket
from eagle_core.training.scenes.textures import TEXTURES, Lattice

VISIBLE = 0.3
"""Coverage from which a pixel belongs to the defect's mask."""


@dataclass(frozen=True, slots=True)
class RenderedScene:
    """One training image."""

    image: np.ndarray
    """``(SIDE, SIDE, 3) uint8`` RGB."""
    mask: np.ndarray
    """``(SIDE, SIDE) bool``; all False without a defect."""
    record: SceneRecord


@dataclass(frozen=True, slots=True)
class Category:
    """What all images of a product have in common."""

    name: str
    family: Family
    texture: str
    silhouette: str
    angle: float
    periods: tuple[float, float]
    cells: int
    seed: int
    contrast: float
    grain: float
    colors: tuple[np.ndarray, np.ndarray, np.ndarray]
    """Surface, background, base of the object."""
    tint: np.ndarray
    """``(3,)``: where in colour the pattern leads, at most 1 in each channel."""
    radius: float
    aspect: float
    sides: int
    parts: tuple[Part, ...]
    markings: tuple[Marking, ...]
    relief: float
    """How much the body's shade falls from one side to the other."""
    backdrop: str
    """Texture of the background, faint."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Defects that can befall it."""
        return (*DEFECTS, *((CHIP,) if self.family == "object" else ()), *(PART_DEFECTS if self.parts else ()))

    @property
    def object_name(self) -> str:
        """In plain words."""
        return (TEXTURES[self.texture] if self.family == "texture" else OBJECTS[self.silhouette])[0]

    def render(self, rng: np.random.Generator, kind: str | None = None) -> RenderedScene:
        """Paint one image, with a defect of ``kind`` or without any."""
        turn, jitter = float(rng.normal(0, 0.03)), (float(rng.normal(0, 4)), float(rng.normal(0, 4)))
        strength = float(rng.uniform(0, 1))
        covered = np.zeros((SIDE, SIDE), np.float32)
        if self.family == "texture":
            shift = (float(rng.uniform(0, 100)), float(rng.uniform(0, 100)))
            image, body = self._surface(turn, shift, rng), np.ones((SIDE, SIDE), bool)
        else:
            image, body, covered = self._object(turn, jitter, kind, rng)
        if kind in DEFECTS:
            where = np.flatnonzero(body)
            row, column = divmod(int(where[rng.integers(len(where))]), SIDE)
            covered = DEFECTS[kind](image, (float(column), float(row)), strength, rng)
        mask = covered > VISIBLE
        pixels = np.clip(self._nuisance(image, rng), 0, 255).astype(np.uint8)
        color = self.colors[0] if self.family == "texture" else self.colors[2]
        defect = _describe(kind, mask, strength) if kind else None
        return RenderedScene(
            pixels, mask, SceneRecord(self.name, self.object_name, self.family, color_word(color), defect)
        )

    def _surface(self, turn: float, shift: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
        at = Lattice.at(self.angle + turn, shift, self.periods, self.cells, self.seed)
        pattern = TEXTURES[self.texture][1](at, rng)
        return np.asarray(pattern[..., None] * self.contrast * self.tint + self.colors[0], np.float32)

    def _object(
        self, turn: float, jitter: tuple[float, float], kind: str | None, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Image, body and coverage of a part defect."""
        x, y = SIDE / 2 + jitter[0], SIDE / 2 + jitter[1]
        degrees = float(np.degrees(self.angle + turn))
        outline = Outline(2 * x, 2 * y, 2 * self.radius, self.aspect, self.sides, degrees)
        alpha = coverage(OBJECTS[self.silhouette][1], outline)
        behind = TEXTURES[self.backdrop][1](Lattice.at(self.angle, jitter, self.periods, self.cells, self.seed), rng)
        background = self.colors[1] + 3 * smooth_noise(rng, 6)[..., None] + 0.3 * self.contrast * behind[..., None]
        changed = bite(alpha, rng) if kind == CHIP else np.zeros((SIDE, SIDE), np.float32)
        alpha = alpha - changed
        surface = 0.5 * self._surface(turn, jitter, rng) + 0.5 * self.colors[2]
        paint_markings(surface, self.markings, (x, y), self.radius, turn, alpha)
        surface *= (1 + self.relief * ((COLUMNS - x) + (ROWS - y)) / SIDE)[..., None]
        image = np.asarray(background * (1 - alpha[..., None]) + surface * alpha[..., None], np.float32)
        struck = int(rng.integers(len(self.parts))) if kind in PART_DEFECTS else -1
        cosine, sine = np.cos(turn), np.sin(turn)
        for number, part in enumerate(self.parts):
            right, down = part.x * self.radius, part.y * self.radius * self.aspect
            loose = rng.normal(0, 0.6, 2)
            at = (x + right * cosine - down * sine + loose[0], y + right * sine + down * cosine + loose[1])
            if number == struck and kind == "missing part":
                changed = paint_socket(image, part, at)
                continue
            shown = replace(part, color=_other_color(part.color, rng)) if number == struck else part
            covered = paint_part(image, shown, at, rng)
            if number == struck:
                changed = covered
        return image, alpha > 0.9, changed

    def _nuisance(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Light, gradient, grain and, on one image in eight, harmless faint specks: normal images look odd too."""
        if rng.random() < 0.125:
            for _ in range(int(rng.integers(1, 5))):
                speck = disc(float(rng.uniform(0, SIDE)), float(rng.uniform(0, SIDE)), float(rng.uniform(0.3, 1.2)))
                image = image + speck[..., None] * rng.uniform(-22, 22)
        across, down = 0.04 * rng.standard_t(3, 2).clip(-4, 4)
        slope = (COLUMNS - SIDE / 2) * across + (ROWS - SIDE / 2) * down
        lit = image * (1 + rng.normal(0, 0.05)) + rng.normal(0, 5) + slope[..., None]
        grain = rng.standard_normal((SIDE, SIDE, 1), dtype=np.float32) * self.grain
        return np.asarray(lit + grain + rng.standard_normal((SIDE, SIDE, 3), dtype=np.float32) * 1.5)


def draw_category(rng: np.random.Generator, name: str = "product") -> Category:
    """A category at random: half surfaces, half objects, most objects with parts."""
    family: Family = "texture" if rng.random() < 0.5 else "object"
    toward = rng.uniform(-1, 1, 3)
    toward = toward if rng.random() < 0.3 else np.sign(toward.sum()) * (1 - 0.4 * np.abs(toward))
    return Category(
        name=name,
        family=family,
        texture=str(rng.choice(list(TEXTURES))),
        silhouette=str(rng.choice(list(OBJECTS))),
        angle=float(rng.uniform(0, np.pi)),
        periods=(float(rng.uniform(3, 28)), float(rng.uniform(3, 28))),
        cells=int(rng.integers(3, 70)),
        seed=int(rng.integers(2**31)),
        contrast=float(np.exp(rng.uniform(np.log(6), np.log(70)))),
        grain=float(rng.uniform(0, 8)),
        colors=(random_color(rng), random_color(rng), random_color(rng)),
        tint=toward / np.abs(toward).max(),
        radius=float(rng.uniform(60, 98)),
        aspect=float(rng.uniform(0.6, 1)),
        sides=int(rng.integers(3, 9)),
        parts=draw_parts(rng) if family == "object" and rng.random() < 0.7 else (),
        markings=draw_markings(rng),
        relief=float(rng.normal(0, 0.3)),
        backdrop=str(rng.choice(list(TEXTURES))),
    )


def _other_color(color: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A colour that differs from ``color`` visibly."""
    while True:
        other = random_color(rng)
        if np.abs(other - color).max() > 60:
            return other


def _describe(kind: str, mask: np.ndarray, strength: float) -> DefectRecord:
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        return DefectRecord(kind, "center", severity_of(strength), strength, (0, 0, 0, 0))
    x0, x1, y0, y1 = int(columns.min()), int(columns.max()) + 1, int(rows.min()), int(rows.max()) + 1
    place = place_of(float(columns.mean()), float(rows.mean()), SIDE, SIDE)
    return DefectRecord(kind, place, severity_of(strength), strength, (x0, y0, x1, y1))
