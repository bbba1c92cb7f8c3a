"""``ChatModel`` over a checkpoint that brings its own code: its parts embed a prompt, its text decoder is run and guided.

The decoder runs on ``inputs_embeds`` that are padded on the left, so that its attention can be guided like any
other's. Prompts are embedded one by one: images of different prompts never meet in one batch. Questions about the
same images are not shared (``shared_prefix``), and where visual tokens lie on the image is not known.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel

from eagle_core.attention.visual_tokens import NO_IMAGE, TokenLayout
from eagle_core.config import MllmConfig
from eagle_core.errors import ModelError
from eagle_core.mllm.inputs import EncodedPrompts, shows_images
from eagle_core.mllm.local import LocalChatModel
from eagle_core.mllm.remote.family import RemoteFamily
from eagle_core.mllm.remote.reading import prior_tokens
from eagle_core.records import ImagePart, Prompt


class RemoteChatModel(LocalChatModel):
    """See ``ChatModel``. Guidance is refused where the checkpoint's own decoder does not use transformers' registry."""

    def __init__(
        self, model: PreTrainedModel, family: RemoteFamily, config: MllmConfig, *, name: str, fingerprint: str
    ) -> None:
        super().__init__(model, family.tokenizer, config, name=name, fingerprint=fingerprint)
        self.family = family
        self._language_model: Any = family.language_model
        self._accepted = frozenset(inspect.signature(self._language_model.forward).parameters)

    @property
    def decoder(self) -> PreTrainedModel:
        """The language model without its head."""
        return decoder_of(self._language_model)

    @property
    def depth(self) -> int:
        """Number of decoder layers."""
        return self._language_model.config.num_hidden_layers

    def encode(self, prompts: Sequence[Prompt]) -> EncodedPrompts:
        """One batch of embedded prompts, padded on the left, with its token layout."""
        shows_images(prompts)
        readings = [self.family.read(prompt) for prompt in prompts]
        with torch.inference_mode():
            embeds = _pad_left([self.family.embed(reading) for reading in readings], 0)
        mask = _pad_left([torch.ones_like(reading.ids, dtype=torch.bool) for reading in readings], False)
        said = [prior_tokens(p, reading, self._tokenizer) for p, reading in zip(prompts, readings, strict=True)]
        layout = TokenLayout(
            mask,
            _pad_left([reading.image for reading in readings], NO_IMAGE),
            _pad_left(said, False),
            tuple(tuple(part.role for part in p.parts if isinstance(part, ImagePart)) for p in prompts),
        )
        inputs = {"inputs_embeds": embeds, "attention_mask": mask.long().to(embeds.device)}
        return EncodedPrompts(inputs, layout, tuple(reading.rendered for reading in readings))

    def _last_logits(self, batch: EncodedPrompts) -> Tensor:
        positions = (batch.inputs["attention_mask"].cumsum(dim=1) - 1).clamp(min=0)
        optional = {"position_ids": positions, "logits_to_keep": 1}
        known = {key: value for key, value in optional.items() if key in self._accepted}
        return self._language_model(**batch.inputs, **known, use_cache=False).logits[:, -1]

    def _continue(self, batch: EncodedPrompts, max_new_tokens: int) -> list[str]:
        if not hasattr(self._language_model, "generate"):
            raise ModelError(
                f"{type(self._language_model).__name__} of {self.name} cannot generate with this version of "
                "transformers; use mllm.answer: logits"
            )
        generated = self._language_model.generate(
            **batch.inputs,
            max_new_tokens=max_new_tokens,
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            eos_token_id=self.family.stops,
            pad_token_id=self.family.stops[0],
        )
        return self._tokenizer.batch_decode(generated, skip_special_tokens=True)


def decoder_of(language_model: PreTrainedModel) -> PreTrainedModel:
    """The language model without its head."""
    return cast(PreTrainedModel, language_model.base_model)


def _pad_left(rows: list[Tensor], value: float) -> Tensor:
    """``(B, L, ...)`` from rows ``(L_i, ...)``."""
    return pad_sequence(rows, batch_first=True, padding_value=value, padding_side="left")
