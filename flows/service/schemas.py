"""What the API takes and gives, with examples for its documentation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from eagle_core.station.rates import Rate
from tasks.station.schema import Alert, Opinion, Part, Review


class BoxOut(BaseModel):
    """In pixels of the image, half-open."""

    x0: int
    y0: int
    x1: int
    y1: int
    score: float


class ReviewOut(BaseModel):
    """What a person said."""

    decision: str
    reason: str
    reviewer: str
    at: datetime


class OpinionOut(BaseModel):
    """What an MLLM says about a part; it comes after the verdict, which it does not change."""

    mllm: str
    stand_in: bool
    """It has never seen a photograph: its word does not count."""
    state: Literal["waiting", "answered", "failed"]
    defective: bool | None
    p_defect: float | None
    explanation: str | None
    contradictions: list[str]
    """What the explanation claims against the evidence."""
    against: str | None
    """What speaks against the verdict; such a part waits to be looked at."""
    error: str | None

    @classmethod
    def of(cls, opinion: Opinion) -> OpinionOut:
        """A kept opinion as the API shows it."""
        return cls.model_validate({name: getattr(opinion, name) for name in cls.model_fields})


class PartOut(BaseModel):
    """A judged part."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 17,
                    "category": "bracket",
                    "file_name": "part-0017.png",
                    "received_at": "2026-11-25T14:03:11.120000Z",
                    "seconds": 0.06,
                    "verdict": "not_ok",
                    "reason": "score 4.2 against a threshold of 2.7; 60 of 60 good parts scored lower",
                    "score": 4.2,
                    "tau": 2.7,
                    "warn_tau": 2.4,
                    "likeness": 0.93,
                    "nearest_image_id": "bracket/train/good/003.png",
                    "width": 640,
                    "height": 480,
                    "boxes": [{"x0": 120, "y0": 80, "x1": 200, "y1": 160, "score": 4.2}],
                    "expert_version": 1,
                    "threshold_version": 2,
                    "opinion": None,
                    "review": None,
                }
            ]
        }
    )

    id: int
    category: str
    file_name: str
    received_at: datetime
    seconds: float
    verdict: Literal["ok", "look", "not_ok", "not_judged"]
    reason: str
    score: float | None
    tau: float
    warn_tau: float
    likeness: float | None
    nearest_image_id: str | None
    width: int | None
    height: int | None
    boxes: list[BoxOut]
    expert_version: int
    threshold_version: int
    opinion: OpinionOut | None
    """None: no MLLM is asked about it."""
    review: ReviewOut | None

    @property
    def is_disputed(self) -> bool:
        """An MLLM, or the person whose word counts, says otherwise than the verdict."""
        said = None if self.review is None else self.review.decision
        overruled = (self.verdict, said) in (("not_ok", "good"), ("ok", "defective"))
        return overruled or (self.opinion is not None and self.opinion.against is not None)

    @classmethod
    def of(cls, part: Part, tau: float, warn_tau: float, opinion: Opinion | None, review: Review | None) -> PartOut:
        """A kept part as the API shows it."""
        shown = None
        if review is not None:
            shown = ReviewOut(decision=review.decision, reason=review.reason, reviewer=review.reviewer, at=review.at)
        return cls.model_validate(
            {
                "id": part.id,
                "category": part.category,
                "file_name": part.file_name,
                "received_at": part.received_at,
                "seconds": part.seconds,
                "verdict": part.verdict,
                "reason": part.reason,
                "score": part.score,
                "tau": tau,
                "warn_tau": warn_tau,
                "likeness": part.likeness,
                "nearest_image_id": part.nearest_image_id,
                "width": part.width,
                "height": part.height,
                "boxes": part.boxes,
                "expert_version": part.expert_version_id,
                "threshold_version": part.threshold_version_id,
                "opinion": None if opinion is None else OpinionOut.of(opinion),
                "review": shown,
            }
        )


class PartTold(PartOut):
    """A part as sinks are told of it: once judged, and again whenever something is said of it."""

    kind: Literal["part", "opinion", "review"]
    """part: it was judged; opinion: the MLLM has answered, or cannot; review: a person has said what it is."""
    update: int | None
    """Number of the opinion or the review; None: ``kind`` is part."""

    @classmethod
    def again(cls, part: PartOut, kind: str, update: int | None) -> PartTold:
        """``part``, with why it is told."""
        return cls.model_validate({**part.model_dump(), "kind": kind, "update": update})


class AlertOut(BaseModel):
    """Something about the line."""

    id: int
    at: datetime
    category: str
    kind: Literal["row", "drift"]
    """row: parts were stopped one after the other; drift: parts look unlike the good images."""
    message: str
    since: datetime
    ended_at: datetime | None
    """None: it still holds."""

    @classmethod
    def of(cls, alert: Alert) -> AlertOut:
        """A kept alert as the API and the sinks show it."""
        return cls.model_validate({name: getattr(alert, name) for name in cls.model_fields})


class BatchedOut(BaseModel):
    """One image of a batch: its part, or why there is none."""

    file_name: str
    part: PartOut | None
    error: str | None


class ReviewIn(BaseModel):
    """What the part is, whatever the station said."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["good", "defective", "unsure"]
    reason: Annotated[str, Field(max_length=2000)] = ""
    reviewer: Annotated[str, Field(min_length=1, max_length=255)] = "operator"


class ThresholdIn(BaseModel):
    """A new threshold version."""

    model_config = ConfigDict(extra="forbid")

    tau: Annotated[float, Field(ge=0)]
    warn_tau: Annotated[float, Field(ge=0)] | None = None
    """None: no warning band."""
    name: Annotated[str, Field(min_length=1, max_length=255)]
    note: Annotated[str, Field(max_length=2000)] = ""
    switch_on: bool = True
    by: Annotated[str, Field(min_length=1, max_length=255)] = "engineer"


class ThresholdOut(BaseModel):
    """A threshold version."""

    id: int
    expert_version: int
    images: int
    tau: float
    warn_tau: float
    name: str
    note: str
    created_at: datetime
    created_by: str
    active: bool


class RateOut(BaseModel):
    """``count`` of ``total`` with a 95 % Wilson interval."""

    count: int
    total: int
    low: float | None
    high: float | None

    @classmethod
    def of(cls, rate: Rate) -> RateOut:
        """A rate as the API shows it."""
        return cls(count=rate.count, total=rate.total, low=rate.low, high=rate.high)


class FitIn(BaseModel):
    """Fit anew, with these parts among the good images."""

    model_config = ConfigDict(extra="forbid")

    part_ids: list[int] = []
    note: Annotated[str, Field(max_length=2000)] = ""
    by: Annotated[str, Field(min_length=1, max_length=255)] = "engineer"


class JobOut(BaseModel):
    """A fit in the background."""

    id: int
    category: str
    state: Literal["waiting", "running", "done", "failed"]
    phase: str
    done: int
    total: int
    message: str
    expert_version: int | None
    note: str
