"""Random product categories and their images: what the embedded models are trained on.

A category fixes surface, shape, parts and colours; every image of it differs by pose, light and noise. A third are of families that
the demo shows too (``familiar``), never with the demo's parameters.
"""

from __future__ import annotations

from copy import deepcopy
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
from eagle_core.training.scenes.familiar import FAMILIAR_OBJECTS, FAMILIAR_TEXTURES, LOOKS, draw_look
from eagle_core.training.scenes.markings import Marking, draw_markings, paint_markings
from eagle_core.training.scenes.objects import OBJECTS, Outline, coverage
from eagle_core.training.scenes.parts import Part, draw_parts, paint_part, paint_socket
from eagle_core.training.scenes.textures import TEXTURES, TILES, Lattice

VISIBLE = 0.3
"""Coverage from which a pixel belongs to the defect's mask."""
WEAKEST = 0.15
"""Fainter defects are below what anybody can see."""
FAMILIAR_SHARE = 1 / 3
PART_DEFECT_SHARE = 0.5
"""Of the defects of categories that have parts: only a template reveals those of objects, so they are learnt last."""
FEWEST_TILES = 6
"""Periods over the canvas: of larger tiles, a single one is much of the image."""
SHADOW = 2
"""Pixels, where a tile is missing."""
SHIFTS, TURNS = (0.5, 4.0), (0.005, 0.03)
"""How loosely products lie under the camera, in pixels and radians: where each lies anew, there is little to compare."""
SURFACES = TEXTURES | FAMILIAR_TEXTURES
SILHOUETTES = OBJECTS | FAMILIAR_OBJECTS
PRODUCT_NAMES = tuple(name for name, _ in (*SURFACES.values(), *SILHOUETTES.values()))
"""In plain words, as captions and questions name them."""
HELD_OUT_TEXTURES, HELD_OUT_OBJECTS = ("hexagons", "marble", "scales"), ("star", "bracket")
"""Families that no training shows: what a model makes of them tells whether it has learnt defects or products."""
SEEN_PRODUCT_NAMES = tuple(
    name
    for known, held_out in ((SURFACES, HELD_OUT_TEXTURES), (SILHOUETTES, HELD_OUT_OBJECTS))
    for family, (name, _) in known.items()
    if family not in held_out
)


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
    shift: float
    """How far images are from each other, across and down: standard deviation in pixels."""
    turn: float
    """The same of their angle, in radians."""
    lies_alike: bool
    """Whether a surface lies under the camera as an object does; else each image shows another part of it."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Defects that can befall it."""
        return (*DEFECTS, *((CHIP,) if self.family == "object" else ()), *(PART_DEFECTS if self.has_parts else ()))

    @property
    def has_parts(self) -> bool:
        """Parts that are mounted on an object, or tiles that a surface is laid of: kinds must not follow from the family."""
        is_tiled = self.family == "texture" and self.texture in TILES and self.periods[0] >= FEWEST_TILES
        return is_tiled or bool(self.parts)

    @property
    def object_name(self) -> str:
        """In plain words."""
        return (SURFACES[self.texture] if self.family == "texture" else SILHOUETTES[self.silhouette])[0]

    def draw_kind(self, rng: np.random.Generator) -> str:
        """A defect that can befall it."""
        if self.has_parts and rng.random() < PART_DEFECT_SHARE:
            return str(rng.choice(PART_DEFECTS))
        return str(rng.choice(self.kinds))

    def render(self, rng: np.random.Generator, kind: str | None = None) -> RenderedScene:
        """Paint one image, with a defect of ``kind`` or without any."""
        turn, jitter = float(rng.normal(0, self.turn)), (float(rng.normal(0, self.shift)), float(rng.normal(0, self.shift)))
        strength = float(rng.uniform(WEAKEST, 1))
        covered = np.zeros((SIDE, SIDE), np.float32)
        if self.family == "texture":
            elsewhere = (float(rng.uniform(0, 100)), float(rng.uniform(0, 100)))
            shift = jitter if self.lies_alike else elsewhere
            laid = deepcopy(rng)
            image, body = self._surface(turn, shift, rng), np.ones((SIDE, SIDE), bool)
        else:
            image, body, covered = self._object(turn, jitter, kind, strength, rng)
        # As it looks, print and parts included.
        color = color_word(np.median(image[body], axis=0))
        if kind in DEFECTS:
            where = np.flatnonzero(body)
            row, column = divmod(int(where[rng.integers(len(where))]), SIDE)
            covered = DEFECTS[kind](image, (float(column), float(row)), strength, rng)
        elif kind in PART_DEFECTS and self.family == "texture":
            covered = self._change_tile(image, TILES[self.texture](self._lattice(turn, shift), laid), kind, strength, rng)
        mask = covered > VISIBLE
        pixels = np.clip(self._nuisance(image, rng), 0, 255).astype(np.uint8)
        defect = _describe(kind, mask, strength) if kind else None
        return RenderedScene(pixels, mask, SceneRecord(self.name, self.object_name, self.family, color, defect))

    def _surface(self, turn: float, shift: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
        pattern = SURFACES[self.texture][1](self._lattice(turn, shift), rng)
        return np.asarray(pattern[..., None] * self.contrast * self.tint + self.colors[0], np.float32)

    def _lattice(self, turn: float, shift: tuple[float, float]) -> Lattice:
        return Lattice.at(self.angle + turn, shift, self.periods, self.cells, self.seed)

    def _change_tile(
        self, image: np.ndarray, tiles: np.ndarray, kind: str, strength: float, rng: np.random.Generator
    ) -> np.ndarray:
        """One of ``tiles`` (a number each) is missing, so that the ground is seen, or has another color; returns its coverage."""
        covered = np.asarray(tiles == rng.choice(tiles.ravel()), np.float32)
        if kind == "missing part":
            # Its edges throw a shadow into the gap.
            shadow = covered * (1 - np.roll(covered, (SHADOW, SHADOW), axis=(0, 1)))
            ground = 0.6 * self.colors[1] + 3 * smooth_noise(rng, 40)[..., None] - 40 * shadow[..., None]
            image += (0.25 + 0.75 * strength) * covered[..., None] * (ground - image)
        else:
            image += (0.4 + 0.6 * strength) * covered[..., None] * (_other_color(self.colors[0], rng) - self.colors[0])
        return covered

    def _object(
        self, turn: float, jitter: tuple[float, float], kind: str | None, strength: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Image, body and coverage of a part defect."""
        x, y = SIDE / 2 + jitter[0], SIDE / 2 + jitter[1]
        degrees = float(np.degrees(self.angle + turn))
        outline = Outline(2 * x, 2 * y, 2 * self.radius, self.aspect, self.sides, degrees)
        alpha = coverage(SILHOUETTES[self.silhouette][1], outline)
        behind = TEXTURES[self.backdrop][1](Lattice.at(self.angle, jitter, self.periods, self.cells, self.seed), rng)
        background = self.colors[1] + 3 * smooth_noise(rng, 6)[..., None] + 0.3 * self.contrast * behind[..., None]
        changed = bite(alpha, strength, rng) if kind == CHIP else np.zeros((SIDE, SIDE), np.float32)
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
                left = image.copy()
                changed = paint_socket(image, part, at)
                paint_part(left, part, at, rng)
                image += (0.75 - 0.75 * strength) * (left - image)
                continue
            wrong = (0.4 + 0.6 * strength) * (_other_color(part.color, rng) - part.color) if number == struck else 0
            covered = paint_part(image, replace(part, color=part.color + wrong), at, rng)
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


def draw_category(rng: np.random.Generator, name: str = "product", *, held_out: bool = False) -> Category:
    """A category at random: about half surfaces, half objects, most objects with parts.

    Args:
        rng: Draws everything.
        name: Of the category.
        held_out: Of the families that no training shows, instead of the others.
    """
    textures = [texture for texture in TEXTURES if held_out == (texture in HELD_OUT_TEXTURES)]
    silhouettes = [silhouette for silhouette in OBJECTS if held_out == (silhouette in HELD_OUT_OBJECTS)]
    family: Family = "texture" if rng.random() < 0.5 else "object"
    toward = rng.uniform(-1, 1, 3)
    toward = toward if rng.random() < 0.3 else np.sign(toward.sum()) * (1 - 0.4 * np.abs(toward))
    drawn = Category(
        name=name,
        family=family,
        texture=str(rng.choice(textures)),
        silhouette=str(rng.choice(silhouettes)),
        angle=float(rng.uniform(0, np.pi)),
        periods=(float(rng.uniform(3, 28)), float(rng.uniform(3, 28))),
        cells=int(rng.integers(3, 70)),
        seed=int(rng.integers(2**31)),
        contrast=_log_uniform(rng, 6, 70),
        grain=float(rng.uniform(0, 8)),
        colors=(random_color(rng), random_color(rng), random_color(rng)),
        tint=toward / np.abs(toward).max(),
        radius=float(rng.uniform(60, 98)),
        aspect=float(rng.uniform(0.6, 1)),
        sides=int(rng.integers(3, 9)),
        parts=draw_parts(rng) if family == "object" and rng.random() < 0.7 else (),
        markings=draw_markings(rng),
        relief=float(rng.normal(0, 0.3)),
        backdrop=str(rng.choice(textures)),
        shift=_log_uniform(rng, *SHIFTS),
        turn=_log_uniform(rng, *TURNS),
        lies_alike=bool(rng.random() < 0.5),
    )
    return drawn if held_out or rng.random() >= FAMILIAR_SHARE else _familiar(drawn, rng)


def _log_uniform(rng: np.random.Generator, least: float, most: float) -> float:
    return float(np.exp(rng.uniform(np.log(least), np.log(most))))


def _familiar(category: Category, rng: np.random.Generator) -> Category:
    """The category as one of a familiar family."""
    look = LOOKS[int(rng.integers(len(LOOKS)))]
    drawn = draw_look(look, rng)
    if drawn.family == "texture":
        return replace(category, family="texture", texture=look, colors=(drawn.color, *category.colors[1:]), parts=())
    colors = (drawn.color, category.colors[1], drawn.color)
    # Their surface is smooth: what is on it is print and parts.
    return replace(
        category, family="object", texture="plain", silhouette=look, colors=colors, parts=drawn.parts, markings=drawn.markings,
        radius=float(rng.uniform(78, 98)),
    )  # fmt: skip


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
    place = place_of((x0 + x1) / 2, (y0 + y1) / 2, SIDE, SIDE)
    return DefectRecord(kind, place, severity_of(strength), strength, (x0, y0, x1, y1))
