"""What a sink is."""

from __future__ import annotations

from typing import Protocol

from flows.service.schemas import AlertOut, PartOut


class Sink(Protocol):
    """Tells somebody of judged parts; may be told of one twice, after a crash, and never of none."""

    name: str
    """Under which it is remembered how far it has been told."""
    seconds_between: float
    """At least so long between two parts."""

    def wants(self, part: PartOut) -> bool:
        """Whether to tell of this part."""
        ...

    def deliver(self, part: PartOut) -> None:
        """Tell; any error means that it is tried again later.

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
