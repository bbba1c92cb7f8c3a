"""What a preflight says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about the job on this machine; a fault keeps the job from running in full."""

    topic: str
    text: str
    fault: bool = False
