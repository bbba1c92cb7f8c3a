"""A number with its noun, as messages say it: ``1 image``, ``2 images``."""

from __future__ import annotations

import re


def counted(number: int, one: str, many: str | None = None) -> str:
    """``number`` and what it counts.

    Args:
        number: Of things.
        one: What one of them is called, or "image has" and the like where the verb follows.
        many: The same for any other number; None: the regular plural of ``one``'s last word.
    """
    return f"{number} {one if number == 1 else many or _plural(one)}"


def _plural(noun: str) -> str:
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if re.search(r"(?:s|x|ch|sh)$", noun) else f"{noun}s"
