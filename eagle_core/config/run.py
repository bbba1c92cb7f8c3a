"""Where and how a run executes, is measured and is tracked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from eagle_core.config.section import Fraction, Positive, Section


class EvaluationConfig(Section):
    """Metrics."""

    bootstrap_samples: Positive = 1000
    confidence: Fraction = 0.95


class RunConfig(Section):
    """Where and how a run executes."""

    seed: Annotated[int, Field(ge=0)] = 0
    threads: Positive = 2
    """CPU threads of torch; results are bit-identical only for equal counts."""
    device: str = "cpu"
    """Where the expert runs: a torch device."""
    output_dir: Path = Path("runs")
    cache_dir: Path = Path(".eagle/cache")
    workers: Positive = 1
    """Categories in flight at once."""
    dask_address: str | None = None
    """Scheduler of a Dask cluster; None: threads of this process."""


class ReportConfig(Section):
    """``report.html``, which every run writes. Changes no result."""

    images: Annotated[int, Field(ge=0)] = 24
    """Of each category in the gallery, the telling ones first; 0: no gallery."""
    attention: Annotated[int, Field(ge=0)] = 24
    """Images of the gallery for which attention is shown before and after CAAS: two prefills each."""


class TrackingConfig(Section):
    """MLflow."""

    tracking_uri: str = "sqlite:///mlflow.db"
    experiment: str = "eagle"
