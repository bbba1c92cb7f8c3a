"""Images as ``data:`` URIs, small enough for a page of hundreds."""

from __future__ import annotations

import base64
import io

import matplotlib
import numpy as np
from PIL import Image

QUALITY = 82
COLOURS = "inferno"
OPACITY = 0.85


def data_uri(image: Image.Image) -> str:
    """JPEG inside a URI."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, format="JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def heat_over(image: Image.Image, values: np.ndarray, full: float) -> Image.Image:
    """``values`` in colours over the grey image: the lower a value, the more of the image shows through.

    Args:
        image: RGB, any size; the map is resized to it.
        values: ``(H, W) float32``, at least 0.
        full: Value from which on the map is at its strongest.
    """
    shares = Image.fromarray(np.clip(values / max(full, 1e-12), 0, 1).astype(np.float32)).resize(image.size)
    share = np.asarray(shares)
    colours = matplotlib.colormaps[COLOURS](share)[..., :3] * 255
    grey = np.asarray(image.convert("L").convert("RGB"), dtype=np.float64)
    opacity = (OPACITY * share**2)[..., None]
    return Image.fromarray(np.round(grey * (1 - opacity) + colours * opacity).astype(np.uint8))
