"""Image and text embeddings of a CLIP model (Echo: frozen ViT-B/16), for Echo's three ways of retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import normalize

from eagle_core.errors import ModelError

if TYPE_CHECKING:
    from transformers import CLIPModel, CLIPProcessor


class ClipEncoder:
    """Encodes images and texts into one space, L2-normalised."""

    def __init__(self, model: CLIPModel, processor: CLIPProcessor, device: str = "cpu") -> None:
        self._model, self._processor = model.eval().to(device), processor

    @classmethod
    def load(cls, source: str, device: str = "cpu") -> ClipEncoder:
        """Load a local folder or a hub id.

        Raises:
            ModelError: There are no such weights here and none can be fetched.
        """
        from transformers import CLIPModel, CLIPProcessor

        try:
            return cls(CLIPModel.from_pretrained(source), CLIPProcessor.from_pretrained(source), device)
        except (OSError, ValueError) as error:
            raise ModelError(
                f"echo.encoder {source}: cannot be loaded ({str(error).splitlines()[0]}); name a local CLIP folder, "
                f"fetch it with `hf download {source}` where there is a network, or use echo.encoder: backbone"
            ) from error

    def images(self, images: Sequence[Image.Image]) -> np.ndarray:
        """``(N, D) float32`` of unit length."""
        inputs = self._processor(images=list(images), return_tensors="pt").to(self._model.device)
        with torch.inference_mode():
            return _unit(self._model.get_image_features(**inputs))

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """``(N, D) float32`` of unit length; a text longer than the model's context is cut there."""
        inputs = self._processor(text=list(texts), return_tensors="pt", padding=True, truncation=True)
        with torch.inference_mode():
            return _unit(self._model.get_text_features(**inputs.to(self._model.device)))


def combined(image: np.ndarray, text: np.ndarray, image_share: float = 0.5) -> np.ndarray:
    """Unit-length mixture of two unit-length embeddings of the same shape: combined retrieval."""
    mixed = image_share * image + (1 - image_share) * text
    return np.asarray(mixed / np.linalg.norm(mixed, axis=-1, keepdims=True), dtype=np.float32)


def _unit(features: object) -> np.ndarray:
    pooled = features if isinstance(features, torch.Tensor) else features.pooler_output  # type: ignore[attr-defined]
    return np.asarray(normalize(pooled.float(), dim=-1).cpu().numpy(), dtype=np.float32)
