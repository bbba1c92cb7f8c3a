"""Which images are read, and how."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

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


class GroupsConfig(Section):
    """Which images belong together, as frames of one part or shots of one lot: such images are not independent."""

    file: Path | None = None
    """CSV with a header: column ``image`` (path below the category's or the dataset's folder, or a unique file name) and
    ``column``."""
    column: str = "group"
    pattern: str | None = None
    """Regular expression over file names; what its only pair of brackets catches names the group."""
    gap_minutes: Annotated[float, Field(gt=0)] | None = None
    """Cut capture times (EXIF, else the file name's digits) where nothing was taken for so long; None: where all
    training images tell a time, at gaps of an hour."""

    @model_validator(mode="after")
    def _one_way(self) -> GroupsConfig:
        if sum(given is not None for given in (self.file, self.pattern, self.gap_minutes)) > 1:
            raise ValueError("groups: give one of file, pattern and gap_minutes")
        if self.pattern is not None:
            try:
                brackets = re.compile(self.pattern).groups
            except re.error as error:
                raise ValueError(f"groups.pattern: no regular expression: {error}") from error
            if brackets != 1:
                raise ValueError(f"groups.pattern needs one pair of brackets around what names the group, has {brackets}")
        return self


class DatasetConfig(Section):
    """One dataset to benchmark."""

    name: str = Field(pattern=r"^\w+$")
    format: Literal["mvtec", "visa", "mmad", "folder", "real_iad", "kolektor_sdd2"] = "mvtec"
    """Layout on disk: MVTec-AD's (also AD 2, LOCO, BTAD, MPDD, GoodsAD), VisA's with its split CSV, one of MMAD's four
    datasets with mmad.json beside it, plain folders, Real-IAD's, or KolektorSDD2's."""
    root: Path
    categories: tuple[str, ...] | None = None
    """None: all that are there."""
    labels: tuple[tuple[str, Literal["normal", "defective", "unlabelled"]], ...] = ()
    """What folders of test images hold, by their name; written as a mapping. Needed only where a name does not tell."""
    bit_depth: Literal[8, 10, 12, 14, 16] | None = None
    """Bits that the camera fills in files of sixteen a channel. None: as many as the training images of a category fill."""
    groups: GroupsConfig = GroupsConfig()
    degradation: DegradationConfig = DegradationConfig()

    @field_validator("labels", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        return tuple(value.items()) if isinstance(value, dict) else value
