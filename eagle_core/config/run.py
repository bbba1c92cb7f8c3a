"""Where and how a run executes, is measured and is tracked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from eagle_core.config.section import Fraction, Positive, Section


class JudgingConfig(Section):
    """Which images are judged at all."""

    unlike: Literal["refuse", "judge"] = "refuse"
    """refuse: an image that is blank, saturated, blurred, of another size or of another scene than any normal training
    image is NOT JUDGED, told and counted apart; judge: judged like the others."""


class EvaluationConfig(Section):
    """Metrics."""

    bootstrap_samples: Positive = 1000
    confidence: Fraction = 0.95


class EngineConfig(Section):
    """What runs the graph's tasks. Changes how long a run takes, not what comes out (up to floating-point noise)."""

    kind: Literal["threads", "dask", "deployments"] = "threads"
    """threads: of this process; dask: processes of a Dask cluster; deployments: experts and questions are Prefect
    deployments of their own, for machines of different kinds that see the same files."""
    workers: Positive = 1
    """Tasks at once: threads of this process, or processes of a cluster that is started for the run."""
    address: str | None = None
    """Scheduler of a Dask cluster that is there already, such as tcp://host:8786; None: one is started on this machine.
    Its workers must see the same files under the same paths, and PREFECT_API_URL must name a server that they reach."""
    memory_limit: str | None = None
    """Of each process of a cluster that is started, such as 4GiB: Dask kills a process at 95 % of it. None: an even share
    of this machine's memory."""
    resources: dict[str, float] = {}
    """What a Dask worker must offer to run a network, such as {GPU: 1}."""
    experts: str = "eagle/experts"
    """Deployment that fits and thresholds."""
    ask: str = "eagle/ask"
    """Deployment that asks the MLLMs."""
    shard_images: Positive = 512
    """Test images of a category whose questions are asked by one task; a multiple of 64 keeps batches as they are."""


class RunConfig(Section):
    """Where and how a run executes."""

    seed: Annotated[int, Field(ge=0)] = 0
    threads: Positive = 2
    """CPU threads of torch; results are bit-identical only for equal counts."""
    device: str = "cpu"
    """Where the expert runs: a torch device."""
    kept_features_mib: Annotated[int, Field(ge=0)] = 64
    """Of a category whose normal images' patch features take no more, these are kept image by image: when images are added,
    only theirs are computed. Changes results in floating-point noise only."""
    output_dir: Path = Path("runs")
    cache_dir: Path = Path(".eagle/cache")
    engine: EngineConfig = EngineConfig()


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
