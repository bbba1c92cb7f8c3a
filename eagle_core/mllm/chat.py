"""``ChatModel`` over a transformers image-text-to-text model, with guided attention."""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from typing import TypeVar

import torch
from accelerate.utils.memory import should_reduce_batch_size
from torch import Tensor
from transformers import PreTrainedModel, ProcessorMixin

from eagle_core.attention.registry import Observer
from eagle_core.attention.scaling import ColumnScaling
from eagle_core.attention.scope import attention_scope
from eagle_core.attention.settings import AttentionSettings
from eagle_core.attention.visual_tokens import column_factors
from eagle_core.config import MllmConfig
from eagle_core.errors import AttentionError, ModelError
from eagle_core.mllm.adapters.adapter import Adapter
from eagle_core.mllm.answering import answer_from_logits, answer_from_text, rule_for
from eagle_core.mllm.inputs import EncodedPrompts, by_length, encode
from eagle_core.mllm.letters import letter_tokens
from eagle_core.mllm.shared_prefix import groups, split
from eagle_core.records import Answer, AttentionGuidance, Prompt

LOG = logging.getLogger("eagle.mllm")
T = TypeVar("T")


class TransformersChatModel:
    """A loaded model. Calls from several threads take turns: a decoder's attention is guided by one at a time."""

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
        self.name, self.fingerprint = name, fingerprint
        self.model, self.processor, self.adapter = model.eval(), processor, adapter
        self._config = config
        self._accepted = frozenset(inspect.signature(model.forward).parameters)
        self._image_token_id: int = vars(processor)["image_token_id"]
        self._turn = threading.RLock()

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

    def answer(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None = None,
        settings: AttentionSettings | None = None,
    ) -> list[Answer]:
        """See ``ChatModel.answer``."""
        rules = [rule_for(self._config.answer, prompt.question) for prompt in prompts]
        if "logits" not in rules:
            texts = self.generate(prompts, guidance, settings, self._config.max_new_tokens)
            return [answer_from_text(*each) for each in zip(texts, [p.question for p in prompts], rules, strict=True)]
        if "open" in rules:
            raise ModelError("open questions and questions with options are asked in calls of their own")
        return self._answer_by_logits(prompts, guidance, settings)

    def generate(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None = None,
        settings: AttentionSettings | None = None,
        max_new_tokens: int = 64,
    ) -> list[str]:
        """See ``ChatModel.generate``."""

        def one_batch(batch: EncodedPrompts, _prompts: Sequence[Prompt]) -> list[str]:
            generated = self.model.generate(
                **batch.inputs, max_new_tokens=max_new_tokens, do_sample=False, temperature=None, top_p=None, top_k=None
            )
            return self.processor.batch_decode(generated[:, batch.length :], skip_special_tokens=True)

        return self._in_batches(prompts, guidance, settings, one_batch)

    def guided(
        self,
        batch: EncodedPrompts,
        guidance: Sequence[AttentionGuidance] | None,
        settings: AttentionSettings | None,
        observer: Observer | None = None,
    ) -> AbstractContextManager[None]:
        """The attention scope for ``batch``; a null context where nothing is scaled and nobody observes."""
        scaling = None
        if guidance is not None and any(g.alpha != 0 or g.beta != 0 for g in guidance):
            if settings is None:
                raise AttentionError("guidance was given without AttentionSettings: say how it is to be applied")
            factors = column_factors(batch.layout, guidance, settings.tokens).to(self.model.device)
            if bool((factors != 1).any()):
                mask = batch.layout.mask.to(self.model.device)
                scaling = ColumnScaling(settings.mode, settings.layers_for(self.depth), factors, mask)
            else:
                LOG.warning("no prompt of this batch shows tokens to scale (caas.tokens: %s)", settings.tokens)
        if scaling is None and observer is None:
            return nullcontext()
        return attention_scope(self.decoder, scaling, observer)

    def _answer_by_logits(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None,
        settings: AttentionSettings | None,
    ) -> list[Answer]:
        """Groups that share a prefix one after another, then all other prompts in batches."""
        _one_each(prompts, guidance)
        shared = groups(prompts, guidance, settings) if self.adapter.shares_prefix else []
        answers: dict[int, Answer] = {}
        for group in [*shared, sorted(set(range(len(prompts))) - set(chain.from_iterable(shared)))]:
            members = [prompts[i] for i in group]
            strength = None if guidance is None else [guidance[i] for i in group]
            ask = self._answer_group if group in shared else self._answer_separately
            answers.update(zip(group, ask(members, strength, settings), strict=True))
        return [answers[i] for i in range(len(prompts))]

    def _answer_separately(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None,
        settings: AttentionSettings | None,
    ) -> list[Answer]:
        def one_batch(batch: EncodedPrompts, members: Sequence[Prompt]) -> list[Answer]:
            last = {"logits_to_keep": 1} if "logits_to_keep" in self._accepted else {}
            logits = self.model(**batch.inputs, **last, use_cache=False).logits[:, -1]
            return self._read(logits, members, batch.rendered)

        return self._in_batches(prompts, guidance, settings, one_batch)

    def _answer_group(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None,
        settings: AttentionSettings | None,
    ) -> list[Answer]:
        """Prompts with the same images: their common tokens are prefilled once (``shared_prefix``)."""

        def chunk(start: int, end: int) -> list[Answer]:
            members = prompts[start:end]
            own = None if guidance is None else guidance[start:end]
            shared = split(self.encode(members[:1]), members, self.processor, self.adapter) if end - start > 1 else None
            if shared is None:
                return self._answer_separately(members, own, settings)
            last = {"logits_to_keep": 1} if "logits_to_keep" in self._accepted else {}
            positions, where = shared.last.unique(return_inverse=True)
            kept = {"logits_to_keep": positions} if last else {}
            with self._turn, torch.inference_mode():
                with self.guided(shared.prefix, own and own[:1], settings):
                    cache = self.model(**shared.prefix.inputs, **last, use_cache=True).past_key_values
                cache.reorder_cache(torch.zeros_like(shared.last))
                with self.guided(shared.rest, own, settings):
                    logits = self.model(**shared.rest.inputs, **kept, past_key_values=cache, use_cache=True).logits
            rows = torch.arange(end - start, device=logits.device)
            return self._read(logits[rows, where if kept else shared.last], members, shared.rest.rendered)

        return list(_halving(chunk, len(prompts), self._config.batch_size))

    def _read(self, logits: Tensor, prompts: Sequence[Prompt], rendered: Sequence[str]) -> list[Answer]:
        """Answers from the logits of each prompt's last position, ``(B, vocabulary)``."""
        answers = []
        for row, prompt, text in zip(logits.float().cpu(), prompts, rendered, strict=True):
            letters = [letter for letter, _ in prompt.question.options]
            tokens = letter_tokens(self.processor.tokenizer, text, letters)
            answers.append(answer_from_logits({letter: row[t].item() for letter, t in tokens.items()}, prompt.question))
        return answers

    def _in_batches(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None,
        settings: AttentionSettings | None,
        run: Callable[[EncodedPrompts, Sequence[Prompt]], list[T]],
    ) -> list[T]:
        """Results in the order of ``prompts``, which are run in batches of like length."""
        _one_each(prompts, guidance)
        order = by_length(prompts)

        def chunk(start: int, end: int) -> list[T]:
            members = [prompts[i] for i in order[start:end]]
            batch = self.encode(members)
            own = None if guidance is None else [guidance[i] for i in order[start:end]]
            with self._turn, torch.inference_mode(), self.guided(batch, own, settings):
                return run(batch, members)

        results = dict(zip(order, _halving(chunk, len(prompts), self._config.batch_size), strict=True))
        return [results[i] for i in range(len(prompts))]


def _one_each(prompts: Sequence[Prompt], guidance: Sequence[AttentionGuidance] | None) -> None:
    if guidance is not None and len(guidance) != len(prompts):
        raise AttentionError(f"got guidance for {len(guidance)} of {len(prompts)} prompts")


def _halving(chunk: Callable[[int, int], list[T]], total: int, batch_size: int) -> Iterator[T]:
    """Results of ``chunk(start, end)`` over 0..total; out of memory halves the batch and goes on, and says so."""
    start = 0
    while start < total:
        results: list[T] | None
        try:
            results = chunk(start, min(start + batch_size, total))
        except (RuntimeError, MemoryError) as error:
            if not _out_of_memory(error):
                raise
            if batch_size == 1:
                raise ModelError(
                    "out of memory with a single prompt: use smaller images, mllm.dtype: bfloat16, or a smaller model"
                ) from error
            results = None
        if results is None:
            batch_size //= 2
            LOG.warning("out of memory: batch halved to %d (set mllm.batch_size to start there)", batch_size)
            # Only here is the failed attempt's memory free: while the error lives, its traceback holds it.
            torch.cuda.empty_cache()
            continue
        yield from results
        start += len(results)


def _out_of_memory(error: RuntimeError | MemoryError) -> bool:
    return isinstance(error, MemoryError) or should_reduce_batch_size(error)
