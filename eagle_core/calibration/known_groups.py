"""Which images belong together, however that became known (``eagle_core.data.groups`` finds out)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownGroups:
    """The group of each image."""

    of: dict[str, str]
    """By image_id."""
    source: str
    """For people."""

    @property
    def count(self) -> int:
        """Distinct groups."""
        return len(set(self.of.values()))
