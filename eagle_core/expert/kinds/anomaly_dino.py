"""AnomalyDINO: cosine distance of a transformer's last tokens to all normal ones, and the mean of the highest hundredth."""

from __future__ import annotations

from typing import Any

import torch
from anomalib.models.components import DynamicBufferMixin
from anomalib.models.components.feature_extractors import TimmFeatureExtractor
from anomalib.models.image.anomaly_dino.torch_model import AnomalyDINOModel
from anomalib.models.image.patchcore.anomaly_map import AnomalyMapGenerator
from torch import nn

from eagle_core.expert.architecture import Architecture
from eagle_core.expert.kinds.model import AnomalibModel, Batches
from eagle_core.expert.kinds.transformer import block_numbers


class AnomalyDino(AnomalibModel):
    """anomalib's ``AnomalyDINOModel`` without masks of the background and with every patch in its bank."""

    def __init__(self, architecture: Architecture) -> None:
        self.dino: Any = _WithoutDownload(architecture)
        super().__init__(self.dino, self.dino.feature_encoder, architecture)

    def fit(self, batches: Batches) -> None:
        """Keep the tokens of all images."""
        self.dino.train()
        for batch in batches():
            self.dino(batch)
        self.dino.fit()
        self.dino.eval()


class _WithoutDownload(AnomalyDINOModel):
    """anomalib's constructor downloads weights and knows only some names; this one leaves weights to us."""

    def __init__(self, architecture: Architecture) -> None:
        nn.Module.__init__(self)
        DynamicBufferMixin.__init__(self)
        *_, last = block_numbers(architecture, "anomaly_dino")
        self.num_neighbours = 1
        self.encoder_name = architecture.name
        self.masking = False
        self.coreset_subsampling = False
        self.sampling_ratio = 1.0
        self.last_layer = f"blocks.{last}"
        self.feature_encoder = TimmFeatureExtractor(
            backbone=architecture.name, layers=[self.last_layer], pre_trained=False, output_fmt="NLC"
        )
        self.patch_size = self.feature_encoder.patch_size
        self.register_buffer("memory_bank", torch.empty(0))
        self.embedding_store: list[torch.Tensor] = []
        self.anomaly_map_generator = AnomalyMapGenerator()
