"""``eagle data``, called within this process, and the images it is called on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from eagle_core.errors import DataError
from flows.cli.data import app

SIZE = (48, 32)
"""Of a photograph: columns, rows."""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def error_of(result: Result) -> str:
    """The one line that ``eagle`` prints for a DataError (flows.cli.main turns it into one)."""
    assert isinstance(result.exception, DataError), result.output
    message = str(result.exception)
    assert "\n" not in message
    return message


def photo(path: Path, seed: int, size: tuple[int, int] = SIZE, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return path


def marked() -> np.ndarray:
    """A mask of one rectangle."""
    pixels = np.zeros(SIZE[::-1], np.uint8)
    pixels[8:21, 10:30] = 255
    return pixels


def write(path: Path, pixels: np.ndarray | Image.Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(path)
