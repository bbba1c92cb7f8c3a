"""Which images are read, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from eagle_core.config.section import Section


class DegradationConfig(Section):
    """How test images are made worse before anybody sees them; the default leaves them alone."""

    brightness: Annotated[float, Field(gt=0)] = 1.0
    contrast: Annotated[float, Field(gt=0)] = 1.0
    blur: Annotated[float, Field(ge=0)] = 0.0
    """Radius of a Gaussian in pixels."""
    resolution: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Sides are shrunk to this share and back."""
    noise: Annotated[float, Field(ge=0)] = 0.0
    """Standard deviation, of 255."""


class DatasetConfig(Section):
    """One dataset to benchmark."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    format: Literal["mvtec", "visa", "mmad", "folder"] = "mvtec"
    """Layout on disk: MVTec-AD's, VisA's with its split CSV, one of MMAD's four datasets with mmad.json beside it, or
    plain folders."""
    root: Path
    categories: tuple[str, ...] | None = None
    """None: all that are there."""
    degradation: DegradationConfig = DegradationConfig()
