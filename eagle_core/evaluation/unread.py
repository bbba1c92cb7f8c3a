"""Training images that could not be read, and the lines that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NAMED = 3
"""Images of a category that a note names."""


@dataclass(frozen=True, slots=True)
class UnreadImage:
    """A training image that could not be read, so that the expert was fitted without it."""

    dataset: str
    category: str
    image_id: str
    reason: str


def unread_notes(unread: Sequence[UnreadImage]) -> tuple[str, ...]:
    """A line for each category: how many training images could not be read, and the first few with their reasons."""
    lines = []
    for dataset, category in dict.fromkeys((u.dataset, u.category) for u in unread):
        mine = [f"{u.image_id} ({u.reason})" for u in unread if (u.dataset, u.category) == (dataset, category)]
        more = f"; and {len(mine) - NAMED} more" if len(mine) > NAMED else ""
        lines.append(
            f"{dataset}/{category}: fitted without {len(mine)} training image{'s' * (len(mine) > 1)} that could not be read: "
            + "; ".join(mine[:NAMED])
            + more
        )
    return tuple(lines)
