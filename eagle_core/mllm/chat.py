"""``ChatModel`` over a transformers image-text-to-text model, with guided attention."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, ProcessorMixin

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import MllmConfig
from eagle_core.mllm.adapters.adapter import Adapter
from eagle_core.mllm.control_tokens import ControlTokens
from eagle_core.mllm.halving import halving
from eagle_core.mllm.image_features import ImageFeatures
from eagle_core.mllm.inputs import EncodedPrompts, encode
from eagle_core.mllm.local import LocalChatModel, one_each
from eagle_core.mllm.shared_prefix import groups, split
from eagle_core.records import Answer, AttentionGuidance, Prompt


class TransformersChatModel(LocalChatModel):
    """A model whose class is transformers' own. Questions about the same images share their common beginning."""

    def __init__(
        self,
        model: PreTrainedModel,
        processor: ProcessorMixin,
        adapter: Adapter,
        config: MllmConfig,
        *,
        name: str,
        fingerprint: str,
    ) -> None:
        super().__init__(model, vars(processor)["tokenizer"], config, name=name, fingerprint=fingerprint)
        self.processor, self.adapter = processor, adapter
        self._control = ControlTokens.of(self._tokenizer, adapter.marks)
        self._features = ImageFeatures(model) if adapter.remembers_images else None
        self._accepted = frozenset(inspect.signature(model.forward).parameters)
        self._image_token_id: int = vars(processor)["image_token_id"]

    @property
    def decoder(self) -> PreTrainedModel:
        """The text decoder, whose attention is guided."""
        return self.model.get_decoder()

    @property
    def depth(self) -> int:
        """Number of decoder layers."""
        return self.model.config.get_text_config(decoder=True).num_hidden_layers

    def encode(self, prompts: Sequence[Prompt]) -> EncodedPrompts:
        """One padded batch of model inputs with its token layout."""
        return encode(
            prompts,
            self.processor,
            self.adapter,
            image_token_id=self._image_token_id,
            accepted=self._accepted,
            device=self.model.device,
            dtype=self.model.dtype,
        )

    def _last_logits(self, batch: EncodedPrompts) -> Tensor:
        last = {"logits_to_keep": 1} if "logits_to_keep" in self._accepted else {}
        return self.model(**self._seen(batch), **last, use_cache=False).logits[:, -1]

    def _seen(self, batch: EncodedPrompts) -> dict[str, Any]:
        """``batch.inputs``, with features of images in place of their pixels where the family allows it."""
        return batch.inputs if self._features is None else self._features.in_place_of_pixels(batch)

    def _continue(self, batch: EncodedPrompts, max_new_tokens: int) -> list[str]:
        generated = self.model.generate(
            **batch.inputs, max_new_tokens=max_new_tokens, do_sample=False, temperature=None, top_p=None, top_k=None
        )
        return self.processor.batch_decode(generated[:, batch.length :], skip_special_tokens=True)

    def _answer_by_logits(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None,
        settings: AttentionSettings | None,
    ) -> list[Answer]:
        """Groups that share a prefix one after another, then all other prompts in batches."""
        one_each(prompts, guidance)
        shared = groups(prompts, guidance, settings) if self.adapter.shares_prefix else []
        answers: dict[int, Answer] = {}
        for group in [*shared, sorted(set(range(len(prompts))) - set(chain.from_iterable(shared)))]:
            members = [prompts[i] for i in group]
            strength = None if guidance is None else [guidance[i] for i in group]
            ask = self._answer_group if group in shared else super()._answer_by_logits
            answers.update(zip(group, ask(members, strength, settings), strict=True))
        return [answers[i] for i in range(len(prompts))]

    def _answer_group(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None,
        settings: AttentionSettings | None,
    ) -> list[Answer]:
        """Prompts with the same images: their common tokens are prefilled once (``shared_prefix``)."""
        separately = super()._answer_by_logits

        def chunk(start: int, end: int) -> list[Answer]:
            members = prompts[start:end]
            own = None if guidance is None else guidance[start:end]
            shared = split(self.encode(members[:1]), members, self.processor, self.adapter) if end - start > 1 else None
            if shared is None:
                return separately(members, own, settings)
            last = {"logits_to_keep": 1} if "logits_to_keep" in self._accepted else {}
            positions, where = shared.last.unique(return_inverse=True)
            kept = {"logits_to_keep": positions} if last else {}
            with self._turn, torch.inference_mode():
                with self.guided(shared.prefix, own and own[:1], settings):
                    cache = self.model(**self._seen(shared.prefix), **last, use_cache=True).past_key_values
                cache.reorder_cache(torch.zeros_like(shared.last))
                with self.guided(shared.rest, own, settings):
                    logits = self.model(**shared.rest.inputs, **kept, past_key_values=cache, use_cache=True).logits
            rows = torch.arange(end - start, device=logits.device)
            return self._read(logits[rows, where if kept else shared.last], members, shared.rest.rendered)

        return list(halving(chunk, len(prompts), self._config.batch_size))
