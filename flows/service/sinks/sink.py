"""What a sink is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from flows.service.schemas import AlertOut, PartTold


class Sink(Protocol):
    """Tells somebody of judged parts; may be told of one twice, after a crash, and never of none."""

    name: str
    """Under which it is remembered how far it has been told."""
    seconds_between: float
    """At least so long between two messages."""

    def wants(self, part: PartTold) -> bool:
        """Whether to tell of this part."""
        ...

    def deliver(self, part: PartTold) -> None:
        """Tell of a part that was judged, or again of one of which something was said; any error: it is tried again later.

        Raises:
            OSError: It did not arrive.
        """
        ...

    def warn(self, alert: AlertOut) -> None:
        """Tell of something about the line; as ``deliver``.

        Raises:
            OSError: It did not arrive.
        """
        ...


def is_wanted(part: PartTold, verdicts: Collection[str]) -> bool:
    """The verdicts that were asked for, and what an MLLM or a person says later against one of the others."""
    return part.verdict in verdicts or (part.kind != "part" and part.is_disputed)
