"""Pictures like photographs: a grey lid on a bright belt, noisy, never twice in the same place; some have a dark scratch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 96
VERDICTS = {"fine0": False, "fine1": False, "scratched0": True, "scratched1": True, "scratched2": True}
"""Of the images to be judged, by the stem of their names."""


def write_photographs(root: Path) -> Path:
    """Twenty good ones in ``normal``, two good and three scratched ones in ``unlabelled``; the same ones each time."""
    rng = np.random.default_rng(7)
    for folder, name, count in (("normal", "fine", 20), ("unlabelled", "fine", 2), ("unlabelled", "scratched", 3)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            _photograph(rng, scratched=name == "scratched").save(root / folder / f"{name}{number}.jpg", quality=92)
    return root


def _photograph(rng: np.random.Generator, *, scratched: bool) -> Image.Image:
    y, x = np.mgrid[:SIDE, :SIDE]
    light, centre = 200 + rng.normal(0, 4), SIDE / 2 + rng.normal(0, 1, 2)
    lid = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < 30**2
    picture = np.where(lid, light - 90, light)
    if scratched:
        picture[lid & (abs(x - y) < 3)] = 20
    noisy = picture[..., None] + rng.normal(0, 3, (SIDE, SIDE, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
