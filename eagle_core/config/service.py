"""The inspection station: where it listens, what it keeps, how much it takes at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from eagle_core.config.section import Fraction, Positive, Section


class ServiceConfig(Section):
    """``eagle serve``. Changes no result of a run."""

    dataset: str | None = None
    """Whose categories it judges, and where new ones are put; None: the first of ``datasets``."""
    folder: Path = Path("station")
    """Judged images and, without ``database``, the database."""
    database: str | None = None
    """SQLAlchemy URL, such as postgresql+psycopg://…; None: SQLite in ``folder``."""
    warn_rate: Fraction = 0.1
    """Share of good parts that a fresh threshold lets somebody look at."""
    queue: Positive = 16
    """Parts that may wait; more are refused with 503 and Retry-After."""
    max_upload_mib: Positive = 64
    keep_days: Positive | None = None
    """Images of older parts are removed, their records kept; None: never."""
    keep_gib: Annotated[float, Field(gt=0)] | None = None
    """Oldest images are removed beyond so much; None: never."""
