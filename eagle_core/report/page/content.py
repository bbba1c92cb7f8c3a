"""What the page shows, as plain values: gathered elsewhere, laid out by ``render``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

OutcomeTag = Literal["right", "missed", "false_alarm", "corrected", "spoiled", "no_verdict", "unlabelled", "not_judged", "disputed"]
OUTCOME_NAMES: dict[OutcomeTag, str] = {
    "not_judged": "not judged",
    "disputed": "disputed",
    "missed": "missed defects",
    "false_alarm": "false alarms",
    "corrected": "expert's errors put right",
    "spoiled": "expert's right verdicts spoiled",
    "no_verdict": "no verdict",
    "right": "right",
    "unlabelled": "unlabelled",
}
"""In the order in which the page offers them."""


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table; every row is as long as ``header``."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one method said about one image."""

    who: str
    """``mllm/method``: what the page's filter compares."""
    name: str
    says: str
    outcomes: tuple[OutcomeTag, ...]
    p_defect: float | None


@dataclass(frozen=True, slots=True)
class Picture:
    """An image inside the page."""

    caption: str
    uri: str
    """``data:`` URI."""


@dataclass(frozen=True, slots=True)
class Card:
    """One test image of the gallery."""

    dataset: str
    category: str
    image_id: str
    truth: str
    score: float | None
    tau: float | None
    gate_open: bool
    pictures: tuple[Picture, ...]
    verdicts: tuple[Verdict, ...]
    told: tuple[str, ...]
    """Above the verdicts: that it was not judged, or is disputed, and why."""
    explanation: str | None
    contradictions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """An interactive plot as an HTML fragment; its library is in the page once."""

    title: str
    html: str


@dataclass(frozen=True, slots=True)
class Scored:
    """One image."""

    image: str
    score: float
    anchor: str
    """Its card, where the gallery shows it."""


@dataclass(frozen=True, slots=True)
class Slider:
    """One category."""

    dataset: str
    category: str
    tau: float
    top: float
    """Where the slider ends."""
    good: tuple[Scored, ...]
    defective: tuple[Scored, ...]

    def data(self) -> dict[str, object]:
        """What the page's script reads."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report."""

    title: str
    lead: tuple[str, ...]
    """What was run, in sentences; what is a stand-in is said here."""
    opening: tuple[str, ...]
    """What the run comes to, in plain words."""
    sliders: tuple[Slider, ...]
    tables: tuple[PageTable, ...]
    plots: tuple[Plot, ...]
    cards: tuple[Card, ...]
    images: int
    """In the run; the gallery may show fewer."""
    notes: tuple[str, ...]
    """What is missing from the page, and why."""
    provenance: tuple[tuple[str, str], ...]
    command: str
    params: str
    """YAML."""


def outcomes_of(verdict: bool | None, expert: bool | None, label: bool | None) -> tuple[OutcomeTag, ...]:
    """How a verdict is to be counted; ``expert`` is None for the expert itself."""
    if label is None:
        return ("unlabelled",)
    if verdict is None:
        return ("no_verdict", "spoiled") if expert is label else ("no_verdict",)
    if verdict is label:
        return ("right", "corrected") if expert is (not label) else ("right",)
    error: OutcomeTag = "missed" if label else "false_alarm"
    return (error, "spoiled") if expert is label else (error,)
