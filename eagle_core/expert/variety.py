"""What is said where normal images do not differ: there is nothing to learn from one image, or from copies of one."""

from __future__ import annotations

from collections.abc import Sequence

from eagle_core.errors import FitError
from eagle_core.records import Failure


def only_one(image_id: str, failures: Sequence[Failure]) -> FitError:
    """There is one readable image; ``failures`` are the others."""
    return FitError(
        f"only one normal image, {image_id}{_unread(failures)}: how much normal images differ cannot be learned from it; "
        "add others, at least 5, better 50"
    )


def all_the_same(count: int, image_id: str, failures: Sequence[Failure]) -> FitError:
    """``count`` images show one picture."""
    return FitError(
        f"all {count} normal images show the same picture as {image_id}{_unread(failures)}: how much normal images differ "
        "cannot be learned from copies; replace them by photographs of different good parts"
    )


def _unread(failures: Sequence[Failure]) -> str:
    return f" ({len(failures)} more cannot be read, the first: {failures[0].reason})" if failures else ""
