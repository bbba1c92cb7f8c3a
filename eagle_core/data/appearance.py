"""How an image looks as a whole, measured on its pixels, and whether the training images ever looked like that.

An expert compares patches with patches it has seen. Of a frame that is black, burnt out, out of focus or of another size
it says something too, and that is worth nothing: such an image is not judged. Limits come from the training images and
are wide: a defect must not make an image unjudgeable. Knows nothing of features (``expert.scene``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

SIDE = 512
"""Longer sides are reduced to so many pixels before anything is measured."""
DARK, BRIGHT = 3, 252
"""Grey levels up to and from which a pixel counts as clipped."""
FLAT = 1.0
"""Contrast in grey levels below which an image shows nothing, whatever the training images show."""
SHARPNESS_FACTOR = 3.0
"""So many times less, or more, fine detail than any training image."""
CONTRAST_FACTOR = 4.0
BRIGHTNESS_MARGIN = 40.0
"""So many grey levels, or as many as the training images differ among themselves, beyond what they showed."""
SCALE_FACTOR = 1.5
"""So many times larger or smaller, in side, than any training image."""
ASPECT_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class Appearance:
    """One image."""

    width: int
    height: int
    brightness: float
    """Mean grey level, of 255."""
    contrast: float
    """Standard deviation of the grey levels, of 255."""
    dark: float
    """Share of pixels that are black."""
    bright: float
    """Share of pixels that are white."""
    sharpness: float
    """Mean absolute Laplacian, in grey levels: fine detail and noise raise it, blur lowers it."""

    @property
    def aspect(self) -> float:
        """Width by height."""
        return self.width / self.height

    @property
    def side(self) -> float:
        """Of a square of the same area, in pixels."""
        return float(np.sqrt(self.width * self.height))


@dataclass(frozen=True, slots=True)
class SeenAppearances:
    """Extremes over the training images: what they showed."""

    low: Appearance
    high: Appearance
    aspects: tuple[float, float]
    sides: tuple[float, float]

    @staticmethod
    def over(images: Sequence[Appearance]) -> SeenAppearances:
        """The extremes of at least one image."""
        fields = ("width", "height", "brightness", "contrast", "dark", "bright", "sharpness")
        low, high = ({name: pick(getattr(each, name) for each in images) for name in fields} for pick in (min, max))
        aspects, sides = [each.aspect for each in images], [each.side for each in images]
        return SeenAppearances(Appearance(**low), Appearance(**high), (min(aspects), max(aspects)), (min(sides), max(sides)))


def appearance_of(image: Image.Image) -> Appearance:
    """Measure an RGB image."""
    width, height = image.size
    grey = image.convert("L")
    if max(grey.size) > SIDE:
        scale = SIDE / max(grey.size)
        grey = grey.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX)
    pixels = np.asarray(grey, dtype=np.float32)
    return Appearance(
        width=width,
        height=height,
        brightness=float(pixels.mean()),
        contrast=float(pixels.std()),
        dark=float((pixels <= DARK).mean()),
        bright=float((pixels >= BRIGHT).mean()),
        sharpness=_sharpness(pixels),
    )


def _sharpness(pixels: np.ndarray) -> float:
    """Mean of |4 x - its four neighbours| over the inner pixels; 0 where there are none."""
    if min(pixels.shape) < 3:
        return 0.0
    inner = 4 * pixels[1:-1, 1:-1] - pixels[:-2, 1:-1] - pixels[2:, 1:-1] - pixels[1:-1, :-2] - pixels[1:-1, 2:]
    return float(np.abs(inner).mean())


def why_not_judged(image: Appearance, seen: SeenAppearances) -> str | None:
    """Why an expert's word on such an image is worth nothing, in plain words; None where it looks like what was seen."""
    return _size(image, seen) or _exposure(image, seen) or _focus(image, seen)


def _size(image: Appearance, seen: SeenAppearances) -> str | None:
    low, high = seen.aspects
    small, large = seen.sides
    is_shaped = low * (1 - ASPECT_TOLERANCE) <= image.aspect <= high * (1 + ASPECT_TOLERANCE)
    if is_shaped and small / SCALE_FACTOR <= image.side <= large * SCALE_FACTOR:
        return None
    known = f"{seen.low.width}x{seen.low.height}"
    if (seen.low.width, seen.low.height) != (seen.high.width, seen.high.height):
        known += f" to {seen.high.width}x{seen.high.height}"
    return f"another size: {image.width}x{image.height} pixels, the training images have {known}"


def _exposure(image: Appearance, seen: SeenAppearances) -> str | None:
    if image.contrast < min(FLAT, seen.low.contrast / 2) or image.contrast < seen.low.contrast / CONTRAST_FACTOR:
        return f"blank: its grey levels spread by {image.contrast:.1f}, those of the training images by {seen.low.contrast:.1f} at least"
    for share, most, word in ((image.dark, seen.high.dark, "black"), (image.bright, seen.high.bright, "white (saturated)")):
        if share > most + (1 - most) / 2:
            return f"{word}: {share:.0%} of it, {most:.0%} of a training image at most"
    darkest, brightest = seen.low.brightness, seen.high.brightness
    margin = max(BRIGHTNESS_MARGIN, brightest - darkest)
    if darkest - margin <= image.brightness <= brightest + margin:
        return None
    word = "dark" if image.brightness < darkest else "bright"
    return f"too {word}: its mean grey level is {image.brightness:.0f}, those of the training images {darkest:.0f} to {brightest:.0f}"


def _focus(image: Appearance, seen: SeenAppearances) -> str | None:
    if image.sharpness < seen.low.sharpness / SHARPNESS_FACTOR:
        times = seen.low.sharpness / max(image.sharpness, 1e-6)
        return f"blurred: {min(times, 999):.1f} times less fine detail than any training image"
    if image.sharpness > seen.high.sharpness * SHARPNESS_FACTOR and image.sharpness > 1:
        return f"noisy: {image.sharpness / max(seen.high.sharpness, 1e-6):.1f} times more fine detail than any training image"
    return None
