"""MH-PatchCore: whitened principal components of the patches, and a bank of constant size merged as images come."""

from __future__ import annotations

from typing import Any

from anomalib.models.image.mh_patchcore.torch_model import MHPatchcoreModel

from eagle_core.expert.architecture import Architecture
from eagle_core.expert.kinds.model import AnomalibModel, Batches


class MhPatchcore(AnomalibModel):
    """anomalib's ``MHPatchcoreModel``, fitted in three passes as its Lightning module does."""

    def __init__(self, architecture: Architecture) -> None:
        self.mh: Any = MHPatchcoreModel(backbone=architecture.name, layers=architecture.layers, pre_trained=False)
        super().__init__(self.mh, self.mh.feature_extractor, architecture)

    def fit(self, batches: Batches) -> None:
        """Principal components, then their covariance, then the bank."""
        mh = self.mh
        for learnt, prepare in (
            (mh.pca, lambda features: features),
            (mh.covariance, mh.pca),
            (mh.memory_bank, lambda features: mh.covariance(mh.pca(features))),
        ):
            for batch in batches():
                learnt.update(prepare(mh.generate_embedding(mh.feature_extractor(batch))))
            learnt.finalize()
