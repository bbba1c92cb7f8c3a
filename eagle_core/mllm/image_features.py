"""Visual features of images that the model has seen before: computed once, and kept up to a limit.

The same template, query and boxed query come in prompt after prompt: by every method, at every alpha, for every
question. transformers' classes take features that were computed before in place of pixels (``mm_encoder_outputs``).
"""

from __future__ import annotations

from typing import Any

import torch
from cachetools import LRUCache
from torch import Tensor
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

from eagle_core.mllm.inputs import EncodedPrompts

LIMIT_BYTES = 256 * 2**20


class ImageFeatures:
    """Features of one model's images by the images' content, on its device."""

    def __init__(self, model: PreTrainedModel, limit_bytes: int = LIMIT_BYTES) -> None:
        self._model: Any = model
        self._kept: LRUCache[str, Tensor] = LRUCache(limit_bytes, getsizeof=lambda features: features.nbytes)

    def in_place_of_pixels(self, batch: EncodedPrompts) -> dict[str, Any]:
        """``batch.inputs`` with ``mm_encoder_outputs`` for ``pixel_values``; only images not seen before are encoded."""
        inputs: dict[str, Any] = dict(batch.inputs)
        pixels, grids = inputs.pop("pixel_values"), inputs.get("image_grid_thw")
        known = {image: self._kept[image] for image in dict.fromkeys(batch.images) if image in self._kept}
        fresh = {image: number for number, image in reversed(list(enumerate(batch.images))) if image not in known}
        if fresh:
            # Qwen's patches of all images follow each other; other families stack images of one size.
            parts, numbers = pixels.split(1 if grids is None else grids.prod(dim=-1).tolist()), list(fresh.values())
            where = {} if grids is None else {"image_grid_thw": grids[numbers]}
            encoded = self._model.get_image_features(torch.cat([parts[number] for number in numbers]), return_dict=True, **where)
            # Copies: a view would keep the features of all images of the call in memory.
            known |= {image: features.clone() for image, features in zip(fresh, encoded.pooler_output, strict=True)}
            for image in fresh:
                self._keep(image, known[image])
        features: Any = tuple(known[image] for image in batch.images)
        shown = torch.stack(features) if grids is None else features
        inputs["mm_encoder_outputs"] = {"image": BaseModelOutputWithPooling(pooler_output=shown)}
        return inputs

    def _keep(self, image: str, features: Tensor) -> None:
        if features.nbytes <= self._kept.maxsize:
            self._kept[image] = features
