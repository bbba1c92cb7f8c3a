"""Which backbone ``auto`` means on this machine: the paper's where its weights can be had, a packaged one where not.

Only ``auto`` is settled here. A backbone that was named is loaded as named, or is an error.
"""

from __future__ import annotations

import functools

from eagle_core.config import BackboneConfig
from eagle_core.expert.hub import why_unreachable

PAPERS, PACKAGED = "wide_resnet50_2", "tf_efficientnet_lite0"


def settle(config: BackboneConfig) -> BackboneConfig:
    """``config`` with ``auto`` replaced by what it means here; ``stands_in_for`` says where it is not the paper's."""
    if config.name != "auto":
        return config
    if _can_be_had(PAPERS):
        return config.model_copy(update={"name": PAPERS, "weights": "pretrained"})
    stand_in = {"name": PACKAGED, "weights": "packaged", "stands_in_for": PAPERS}
    return config.model_copy(update=stand_in)


def stand_in_notice(config: BackboneConfig) -> str:
    """What a user is told of a settled backbone that is not the paper's."""
    return (
        f"the weights of {config.stands_in_for} (the paper's backbone) cannot be downloaded here: {config.name}, whose "
        f"ImageNet weights are installed with Eagle, stands in for it; to be sure of the paper's, set "
        f"expert.backbone={{name: {config.stands_in_for}, weights: pretrained}} or a local file"
    )


@functools.lru_cache(maxsize=4)
def _can_be_had(model: str) -> bool:
    """Asked once a process."""
    return why_unreachable(model) is None
