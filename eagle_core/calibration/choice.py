"""Which rule ``calibration: auto`` takes. It sees how many images there are and what is known of them, never a test image.

Likeness among the training images alone cannot tell which rule is right: a burst of one part and a hundred parts that
are truly alike look the same. So only what somebody knows decides.
"""

from __future__ import annotations

from eagle_core.config.expert import Calibrating
from eagle_core.counted import counted
from eagle_core.errors import ConfigurationError
from eagle_core.records import Calibration

FEWEST_HELD_OUT = 5
SETTLE = "about 20 good parts of another day or lot, put into calibration/, would settle it"


def choose(
    asked: Calibrating, *, held_out: int, groups: int, source: str, held_out_as: str = "normal images"
) -> Calibration:
    """The rule that is used where ``asked`` is configured.

    Args:
        asked: ``expert.calibration``.
        held_out: Normal images kept apart for calibration; their groups, where those are known.
        groups: Distinct groups among the training images; 0 where none are known.
        source: Where the groups come from, for people.
        held_out_as: What ``held_out`` counts, for people.

    Raises:
        ConfigurationError: The rule needs held-out images or groups, and there are none.
    """
    if asked == "auto":
        return _automatic(held_out, groups, source, held_out_as)
    if asked == "held_out" and held_out == 0:
        raise ConfigurationError(
            "expert.calibration: held_out needs normal images that the expert is not fitted on: put them into the "
            "category's calibration/ folder"
        )
    if asked == "grouped" and groups == 0:
        raise ConfigurationError(
            "expert.calibration: grouped needs groups: set datasets.NAME.groups.file, .pattern or .gap_minutes"
        )
    return Calibration(asked)


def _automatic(held_out: int, groups: int, source: str, held_out_as: str) -> Calibration:
    if held_out >= FEWEST_HELD_OUT:
        return Calibration("held_out", f"{held_out} {held_out_as} are kept apart for calibration")
    words = held_out_as.replace("normal ", "")
    first, *others = words.split()
    one = " ".join([first.removesuffix("s"), *others])
    few = f"{counted(held_out, f'held-out {one} is', f'held-out {words} are')} too few ({FEWEST_HELD_OUT} are needed); " if held_out else ""
    if groups >= 2:
        return Calibration("grouped", f"{few}{counted(groups, 'group is', 'groups are')} known ({source})")
    return Calibration(
        "cross_fitted", f"{few}no groups are known: this takes the images for independent shots; {SETTLE}"
    )
