"""The inspection station: where it listens, what it keeps, how much it takes at once."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from eagle_core.config.section import Positive, Section

StationVerdictName = Literal["ok", "look", "not_ok", "not_judged"]
EVERY_VERDICT: tuple[StationVerdictName, ...] = ("ok", "look", "not_ok", "not_judged")


class WebhookConfig(Section):
    """Judged parts as JSON to an HTTP address, signed where EAGLE_WEBHOOK_SECRET is set."""

    url: Annotated[str, Field(pattern=r"^https?://")]
    verdicts: Annotated[tuple[StationVerdictName, ...], Field(min_length=1)] = ("look", "not_ok", "not_judged")
    per_minute: Positive = 120
    """At most so many; the others follow later."""


class MqttConfig(Section):
    """Judged parts as JSON to an MQTT broker; EAGLE_MQTT_USER and EAGLE_MQTT_PASSWORD where it asks for them."""

    host: str
    port: Annotated[int, Field(gt=0, le=65535)] = 1883
    topic: Annotated[str, Field(min_length=1)] = "eagle/{category}"
    verdicts: Annotated[tuple[StationVerdictName, ...], Field(min_length=1)] = EVERY_VERDICT


class WatchConfig(Section):
    """Images that another program puts into a folder."""

    folder: Path
    category: str


class CameraConfig(Section):
    """Frames of a camera, a video file or a stream, through OpenCV."""

    source: str
    """A number (0 is the first camera), a file, or an address such as rtsp://…"""
    category: str
    seconds: Annotated[float, Field(gt=0)] = 1.0
    """Between two judged frames; of a file, of its own time."""


class AskConfig(Section):
    """The MLLM that is asked after the expert's verdict is out; its word arrives as an update."""

    mllm: str
    """A name of ``mllms``."""
    when: Literal["always", "anomalous", "gate_open"] = "anomalous"
    """About every judged part, those that are not OK, or those of low confidence (``caas.gate``)."""
    explain: bool = True
    """Ask for a sentence where it reports a defect, too."""


class ServiceConfig(Section):
    """``eagle serve``. Changes no result of a run."""

    dataset: str | None = None
    """Whose categories it judges, and where new ones are put; None: the first of ``datasets``."""
    folder: Path = Path("station")
    """Judged images and, without ``database``, the database."""
    database: str | None = None
    """SQLAlchemy URL, such as postgresql+psycopg://…; None: SQLite in ``folder``."""
    shifts: Annotated[tuple[time, ...], Field(min_length=1)] = (time(6), time(14), time(22))
    """When a shift begins, by this machine's clock."""
    queue: Positive = 16
    """Parts that may wait; more are refused with 503 and Retry-After."""
    max_upload_mib: Positive = 64
    upload_seconds: Annotated[float, Field(gt=0)] = 30.0
    """An image that has not come by then is refused (408): while it comes, it holds one of the queue's places."""
    keep_days: Positive | None = None
    """Images of older parts are removed, their records kept; None: never."""
    keep_gib: Annotated[float, Field(gt=0)] | None = None
    """Oldest images are removed beyond so much; None: never."""
    ask: AskConfig | None = None
    """None: no MLLM is asked."""
    results_folder: Path | None = None
    """A JSON file for each judged part is put here."""
    results_csv: Path | None = None
    """A line for each judged part is added to this CSV file."""
    webhook: WebhookConfig | None = None
    mqtt: MqttConfig | None = None
    watch: tuple[WatchConfig, ...] = ()
    camera: CameraConfig | None = None
