"""MiniCPM-V 2.6 and 4.5: the checkpoint's own processor, and its ``get_vllm_embedding``.

Interface of the published files ``modeling_minicpmv.py`` and ``processing_minicpmv.py``: a text with one
``(<image>./</image>)`` per image becomes ``input_ids``, ``pixel_values``, ``tgt_sizes``, ``image_bound`` (first and
last-plus-one token of the whole view and of each slice) and, in 4.5, ``temporal_ids``; ``model.llm`` is a Qwen2 (2.6)
or Qwen3 (4.5) causal language model. Differs: the published processor takes token 0 ("!" in Qwen's vocabulary) for
padding; prompts are read one by one here, so that nothing is padded by it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoProcessor, PreTrainedModel, PreTrainedTokenizerBase

from eagle_core.attention.visual_tokens import NO_IMAGE
from eagle_core.errors import ModelError
from eagle_core.mllm.remote.family import moved
from eagle_core.mllm.remote.reading import Reading, around_images, expand
from eagle_core.records import ImagePart, Prompt

PLACEHOLDER = "(<image>./</image>)"


class MiniCpmV:
    """See ``RemoteFamily``."""

    name = "MiniCPM-V"

    def __init__(self, model: PreTrainedModel, folder: Path) -> None:
        self._model: Any = model
        self._processor: Any = AutoProcessor.from_pretrained(folder, trust_remote_code=True, local_files_only=True)

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The processor's."""
        return self._processor.tokenizer

    @property
    def language_model(self) -> PreTrainedModel:
        """``model.llm``."""
        return self._model.llm

    @property
    def stops(self) -> list[int]:
        """Ids of the published ``terminators``."""
        return self._processor.tokenizer.convert_tokens_to_ids(self._model.terminators)

    def read(self, prompt: Prompt) -> Reading:
        """Each image on a line of its own; thinking is off, so that the answer begins with the letter."""
        parts = [PLACEHOLDER + "\n" if isinstance(part, ImagePart) else part.text for part in prompt.parts]
        images = [part.image for part in prompt.parts if isinstance(part, ImagePart)]
        messages = [{"role": "user", "content": "".join(parts)}]
        if prompt.system:
            messages.insert(0, {"role": "system", "content": prompt.system})
        rendered = self._processor.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        pieces = around_images(rendered, PLACEHOLDER, len(images))
        data = dict(self._processor([rendered], [images], return_tensors="pt"))
        expansions = [
            self._processor.image_processor.get_slice_image_placeholder(size, index)
            for index, size in enumerate(data["image_sizes"][0])
        ]
        expanded = expand(pieces, expansions)
        ids = data.pop("input_ids")[0].long()
        return Reading(rendered, expanded, ids, self._images(ids, data["image_bound"][0], len(images)), data)

    def embed(self, reading: Reading) -> Tensor:
        """``get_vllm_embedding`` of one prompt."""
        data = {key: moved(value, self._model) for key, value in reading.pixels.items()}
        data["input_ids"] = reading.ids[None].to(self._model.device)
        return self._model.get_vllm_embedding(data)[0][0]

    def _images(self, ids: Tensor, bounds: Tensor, count: int) -> Tensor:
        """An image's whole view follows its own start token; slices, which follow another one, belong to it too."""
        start_of_image = self.tokenizer.convert_tokens_to_ids("<image>")
        image, index = torch.full_like(ids, NO_IMAGE), -1
        for first, end in bounds.tolist():
            index += int(ids[first - 1] == start_of_image)
            image[first:end] = index
        if index + 1 != count:
            raise ModelError(f"the chat text shows {index + 1} images instead of {count}; a question must not say <image>")
        return image
