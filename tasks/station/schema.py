"""The station's tables. Changes of them are migrations (``migrations/versions``), never edits of a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Float, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """Times are kept in UTC and read with their time zone, also from SQLite, which drops it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables."""


class ExpertVersion(Base):
    """A fitted expert of a category."""

    __tablename__ = "expert_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(String(255), index=True)
    entry_key: Mapped[str] = mapped_column(String(64))
    """Of the store's ``expert`` stage."""
    images: Mapped[int]
    """Good parts that it was fitted on."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    created_by: Mapped[str] = mapped_column(String(255))
    note: Mapped[str] = mapped_column(Text, default="")


class ThresholdVersion(Base):
    """Two levels for one expert version."""

    __tablename__ = "threshold_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    expert_version_id: Mapped[int] = mapped_column(ForeignKey("expert_version.id"), index=True)
    tau: Mapped[float]
    warn_tau: Mapped[float]
    name: Mapped[str] = mapped_column(String(255))
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    created_by: Mapped[str] = mapped_column(String(255))


class Active(Base):
    """What a category is judged with now."""

    __tablename__ = "active"

    category: Mapped[str] = mapped_column(String(255), primary_key=True)
    expert_version_id: Mapped[int] = mapped_column(ForeignKey("expert_version.id"))
    threshold_version_id: Mapped[int] = mapped_column(ForeignKey("threshold_version.id"))


class Part(Base):
    """One judged part."""

    __tablename__ = "part"
    __table_args__ = (Index("part_by_category_and_time", "category", "received_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(String(255), unique=True)
    category: Mapped[str] = mapped_column(String(255))
    file_name: Mapped[str] = mapped_column(Text)
    image_sha256: Mapped[str] = mapped_column(String(64), index=True)
    received_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    seconds: Mapped[float] = mapped_column(Float)
    verdict: Mapped[str] = mapped_column(String(16), index=True)
    reason: Mapped[str] = mapped_column(Text)
    score: Mapped[float | None]
    likeness: Mapped[float | None]
    """To the training images, as the expert measures it."""
    nearest_image_id: Mapped[str | None] = mapped_column(Text)
    width: Mapped[int | None]
    height: Mapped[int | None]
    boxes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    patch_scores: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Rows of float32, little-endian."""
    patch_rows: Mapped[int | None]
    embedding: Mapped[bytes | None] = mapped_column(LargeBinary)
    """float32, little-endian: the mean of its features."""
    expert_version_id: Mapped[int] = mapped_column(ForeignKey("expert_version.id"))
    threshold_version_id: Mapped[int] = mapped_column(ForeignKey("threshold_version.id"))


class Review(Base):
    """What a person said about a part; the newest counts."""

    __tablename__ = "review"

    id: Mapped[int] = mapped_column(primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), index=True)
    decision: Mapped[str] = mapped_column(String(16))
    """good, defective or unsure: what the part is, whatever the station had said."""
    reason: Mapped[str] = mapped_column(Text, default="")
    reviewer: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(UtcTime)


class Opinion(Base):
    """What an MLLM says about a part, after the expert's verdict was out."""

    __tablename__ = "opinion"

    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), primary_key=True)
    mllm: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16), index=True)
    """waiting, answered or failed."""
    stand_in: Mapped[bool] = mapped_column(default=False)
    defective: Mapped[bool | None]
    """None: its answer names neither."""
    p_defect: Mapped[float | None]
    explanation: Mapped[str | None] = mapped_column(Text)
    contradictions: Mapped[list[str]] = mapped_column(JSON, default=list)
    """What the explanation claims against the evidence."""
    against: Mapped[str | None] = mapped_column(Text)
    """What speaks against the expert's verdict; None: it agrees, or its word does not count."""
    error: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)


class PartUpdate(Base):
    """Something was said of a part after its verdict: sinks are told of the part again."""

    __tablename__ = "part_update"

    id: Mapped[int] = mapped_column(primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """opinion: the MLLM has answered, or cannot; review: a person has said what the part is."""
    at: Mapped[datetime] = mapped_column(UtcTime)


class Alert(Base):
    """Something about the line rather than about one part."""

    __tablename__ = "alert"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    category: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(32))
    """row: parts stopped one after the other; drift: the parts look unlike the training images."""
    message: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(UtcTime)
    """When the first part that it is about came."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """None: it still holds."""


class Job(Base):
    """A fit in the background."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16), index=True)
    """waiting, running, done or failed."""
    phase: Mapped[str] = mapped_column(String(64), default="")
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer, default=0)
    message: Mapped[str] = mapped_column(Text, default="")
    expert_version_id: Mapped[int | None] = mapped_column(ForeignKey("expert_version.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    asked_by: Mapped[str] = mapped_column(String(255))
    note: Mapped[str] = mapped_column(Text, default="")


class Audit(Base):
    """Every change of threshold, expert or training images: who, when, what."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    who: Mapped[str] = mapped_column(String(255))
    what: Mapped[str] = mapped_column(String(64))
    category: Mapped[str] = mapped_column(String(255))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


class Delivery(Base):
    """How far a sink (a webhook, a file) has been told of parts, or, under its name with `` alerts`` or `` updates`` behind it,
    of those."""

    __tablename__ = "delivery"

    sink: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_part_id: Mapped[int]
