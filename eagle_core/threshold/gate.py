"""When CAAS is on (paper: section 3.3.3, condition of Eq. 9)."""

from __future__ import annotations

from eagle_core.config import CaasConfig
from eagle_core.records import Threshold


def gate_is_open(score: float, threshold: Threshold, config: CaasConfig) -> bool:
    """Whether the expert's verdict on an image counts as uncertain.

    ``paper``: tau <= s <= s_max, closed. It can only correct false alarms, and never opens where s_max < tau.
    ``symmetric``: |s - tau| <= gate_width * sigma of the training scores, on both sides of tau.
    ``warning``: tau_warn <= s <= s_max, closed: the warning band as well. Without a warning level it never opens.
    ``always``: open for every image, for experiments that ask what guidance does to a chosen one (paper: Fig. 7c).

    Args:
        score: s_img of the image.
        threshold: Of its category.
        config: ``gate`` and ``gate_width`` are read.
    """
    if config.gate == "always":
        return True
    if config.gate == "symmetric":
        return abs(score - threshold.tau) <= config.gate_width * threshold.standard_deviation
    if config.gate == "warning":
        return threshold.tau_warn is not None and threshold.tau_warn <= score <= threshold.s_max
    return threshold.tau <= score <= threshold.s_max
