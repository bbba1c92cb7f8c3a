"""Which kinds of expert there are beside PatchCore with our bank."""

from __future__ import annotations

from eagle_core.config import ExpertConfig
from eagle_core.errors import ConfigurationError
from eagle_core.expert.backbone import Backbone
from eagle_core.expert.kinds.anomaly_dino import AnomalyDino
from eagle_core.expert.kinds.mh_patchcore import MhPatchcore
from eagle_core.expert.kinds.model import AnomalibModel
from eagle_core.expert.kinds.padim import Padim
from eagle_core.expert.kinds.rad import Rad
from eagle_core.expert.runtimes.features import RuntimeFeatures


def build(config: ExpertConfig, backbone: Backbone, seed: int) -> AnomalibModel:
    """An expert of ``config.kind`` on ``backbone``'s weights and device, with nothing learnt.

    Raises:
        ConfigurationError: The kind cannot read this backbone.
    """
    architecture = backbone.architecture
    if isinstance(backbone.model, RuntimeFeatures):
        raise ConfigurationError(f"expert.kind {config.kind} takes its weights from torch; export it without --runtime")
    if config.kind == "padim":
        model: AnomalibModel = Padim(architecture, seed)
    else:
        model = {"mh_patchcore": MhPatchcore, "rad": Rad, "anomaly_dino": AnomalyDino}[config.kind](architecture)
    model.take_weights(backbone.model.network)
    model.model.to(backbone.device)
    return model
