"""InternVL2 in its first form (``internvl_chat``): no processor, ``<IMG_CONTEXT>`` tokens, ``extract_feature``.

Interface of the published ``modeling_internvl_chat.py``: ``conv_template`` renders the chat, each image becomes
``<img>``, ``num_image_token`` context tokens per tile and ``</img>``, ``extract_feature(pixel_values)`` gives their
features, and ``language_model`` is a causal language model, which for some sizes is the checkpoint's own code too
(InternLM2 in 8B, Phi-3 in 4B). Tiles: model card of InternVL2, "dynamic_preprocess": at most
``config.max_dynamic_patch`` tiles of ``config.force_image_size``, and a thumbnail after several.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.image_utils import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from transformers.models.got_ocr2.image_processing_got_ocr2 import get_optimal_tiled_canvas

from eagle_core.attention.visual_tokens import NO_IMAGE
from eagle_core.errors import ModelError
from eagle_core.mllm.remote.reading import Reading, around_images, expand
from eagle_core.records import ImagePart, Prompt

PLACEHOLDER, CONTEXT, BEGIN, END = "<image>", "<IMG_CONTEXT>", "<img>", "</img>"


class InternVl2:
    """See ``RemoteFamily``."""

    name = "InternVL2"

    def __init__(self, model: PreTrainedModel, folder: Path) -> None:
        self._model: Any = model
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, trust_remote_code=True, local_files_only=True)

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The checkpoint's."""
        return self._tokenizer

    @property
    def language_model(self) -> PreTrainedModel:
        """``model.language_model``."""
        return self._model.language_model

    @property
    def stops(self) -> list[int]:
        """The separator of the chat template."""
        return [self._tokenizer.convert_tokens_to_ids(self._model.conv_template.sep.strip())]

    def read(self, prompt: Prompt) -> Reading:
        """Each image on a line of its own; without a system text of its own, the template's."""
        images = [part.image for part in prompt.parts if isinstance(part, ImagePart)]
        chat = deepcopy(self._model.conv_template)
        if prompt.system:
            chat.system_message = prompt.system
        parts = [PLACEHOLDER + "\n" if isinstance(part, ImagePart) else part.text for part in prompt.parts]
        chat.append_message(chat.roles[0], "".join(parts))
        chat.append_message(chat.roles[1], None)
        rendered = chat.get_prompt()
        pieces = around_images(rendered, PLACEHOLDER, len(images))
        views = [self._views(image) for image in images]
        counts = [self._model.num_image_token * len(tiles) for tiles in views]
        expanded = expand(pieces, [BEGIN + CONTEXT * count + END for count in counts])
        ids = torch.tensor(self._tokenizer.encode(expanded))
        visual: Tensor = ids == self._tokenizer.convert_tokens_to_ids(CONTEXT)
        if int(visual.sum()) != sum(counts):
            raise ModelError(f"the chat text holds {int(visual.sum())} times {CONTEXT} for {sum(counts)} visual features")
        image = torch.full_like(ids, NO_IMAGE)
        image[visual] = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
        return Reading(rendered, expanded, ids, image, {"pixel_values": torch.cat(views)})

    def embed(self, reading: Reading) -> Tensor:
        """Token embeddings with ``extract_feature`` of the tiles at the context tokens."""
        pixels = reading.pixels["pixel_values"].to(self._model.device, self._model.dtype)
        embedded = self.language_model.get_input_embeddings()(reading.ids.to(self._model.device)).clone()
        features = self._model.extract_feature(pixels)
        visual = (reading.image != NO_IMAGE).to(embedded.device)
        embedded[visual] = features.reshape(-1, embedded.shape[-1]).to(embedded)
        return embedded

    def _views(self, image: Image.Image) -> Tensor:
        """``(tiles, 3, side, side) float32``: tiles row by row, then the whole image if there are several."""
        config = self._model.config
        side = config.force_image_size or config.vision_config.image_size
        columns, rows = get_optimal_tiled_canvas(
            (image.height, image.width), (side, side), config.min_dynamic_patch, config.max_dynamic_patch
        )
        canvas = image.convert("RGB").resize((columns * side, rows * side), Image.Resampling.BICUBIC)
        views = [
            canvas.crop((x * side, y * side, (x + 1) * side, (y + 1) * side)) for y in range(rows) for x in range(columns)
        ]
        if config.use_thumbnail and len(views) > 1:
            views.append(image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC))
        pixels = np.stack([np.asarray(view, dtype=np.float32) for view in views]) / 255
        normalised = (pixels - np.array(IMAGENET_DEFAULT_MEAN)) / np.array(IMAGENET_DEFAULT_STD)
        return torch.from_numpy(normalised).permute(0, 3, 1, 2).float()
