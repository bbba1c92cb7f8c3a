"""Asking a model in this process: batches, guidance, how answers are read. Subclasses encode prompts and run the model."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from eagle_core.attention.registry import Observer
from eagle_core.attention.scaling import ColumnScaling
from eagle_core.attention.scope import attention_scope
from eagle_core.attention.settings import AttentionSettings
from eagle_core.attention.visual_tokens import column_factors
from eagle_core.config import MllmConfig
from eagle_core.errors import AttentionError, ModelError
from eagle_core.mllm.answering import answer_from_logits, answer_from_text, rule_for
from eagle_core.mllm.control_tokens import ControlTokens
from eagle_core.mllm.halving import halving
from eagle_core.mllm.inputs import EncodedPrompts, by_length
from eagle_core.mllm.isolation import answer_apart
from eagle_core.mllm.letters import letter_tokens
from eagle_core.records import Answer, AttentionGuidance, Prompt

LOG = logging.getLogger("eagle.mllm")
T = TypeVar("T")


class LocalChatModel(ABC):
    """A loaded model. Calls from several threads take turns: a decoder's attention is guided by one at a time."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        config: MllmConfig,
        *,
        name: str,
        fingerprint: str,
    ) -> None:
        self.name, self.fingerprint = name, fingerprint
        self.model = model.eval()
        self._tokenizer, self._config = tokenizer, config
        self._turn = threading.RLock()
        self._control = ControlTokens.of(tokenizer)

    @property
    @abstractmethod
    def decoder(self) -> PreTrainedModel:
        """The text decoder, whose attention is guided."""

    @property
    @abstractmethod
    def depth(self) -> int:
        """Number of decoder layers."""

    @abstractmethod
    def encode(self, prompts: Sequence[Prompt]) -> EncodedPrompts:
        """One padded batch of model inputs with its token layout."""

    @abstractmethod
    def _last_logits(self, batch: EncodedPrompts) -> Tensor:
        """``(B, vocabulary)``: logits of each prompt's last position."""

    @abstractmethod
    def _continue(self, batch: EncodedPrompts, max_new_tokens: int) -> list[str]:
        """Greedy continuation of each prompt, without special tokens."""

    def answer(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None = None,
        settings: AttentionSettings | None = None,
    ) -> list[Answer]:
        """See ``ChatModel.answer``. A prompt whose text holds the model's own control tokens is a failed answer."""
        one_each(prompts, guidance)
        refused = {i: reason for i, prompt in enumerate(prompts) if (reason := self._control.found_in(prompt))}
        asked = [i for i in range(len(prompts)) if i not in refused]

        def ask(places: Sequence[int]) -> list[Answer]:
            chosen = [asked[place] for place in places]
            given = None if guidance is None else [guidance[i] for i in chosen]
            return self._answer([prompts[i] for i in chosen], given, settings)

        answers = dict(zip(asked, answer_apart(ask, len(asked)), strict=True))
        return [answers[i] if i in answers else Answer("failed", None, None, error=refused[i]) for i in range(len(prompts))]

    def _answer(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None,
        settings: AttentionSettings | None,
    ) -> list[Answer]:
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
        for prompt in prompts:
            if reason := self._control.found_in(prompt):
                raise ModelError(reason)
        return self._in_batches(
            prompts, guidance, settings, lambda batch, _prompts: self._continue(batch, max_new_tokens)
        )

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
            device = self.decoder.device
            factors = column_factors(batch.layout, guidance, settings.tokens).to(device)
            if bool((factors != 1).any()):
                mask = batch.layout.mask.to(device)
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
        return self._in_batches(
            prompts,
            guidance,
            settings,
            lambda batch, members: self._read(self._last_logits(batch), members, batch.rendered),
        )

    def _read(self, logits: Tensor, prompts: Sequence[Prompt], rendered: Sequence[str]) -> list[Answer]:
        """Answers from the logits of each prompt's last position, ``(B, vocabulary)``."""
        answers = []
        for row, prompt, text in zip(logits.float().cpu(), prompts, rendered, strict=True):
            letters = [letter for letter, _ in prompt.question.options]
            tokens = letter_tokens(self._tokenizer, text, letters)
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
        one_each(prompts, guidance)
        order = by_length(prompts)

        def chunk(start: int, end: int) -> list[T]:
            members = [prompts[i] for i in order[start:end]]
            batch = self.encode(members)
            own = None if guidance is None else [guidance[i] for i in order[start:end]]
            with self._turn, torch.inference_mode(), self.guided(batch, own, settings):
                return run(batch, members)

        results = dict(zip(order, halving(chunk, len(prompts), self._config.batch_size), strict=True))
        return [results[i] for i in range(len(prompts))]


def one_each(prompts: Sequence[Prompt], guidance: Sequence[AttentionGuidance] | None) -> None:
    """Check that guidance, where there is any, is one per prompt.

    Raises:
        AttentionError: It is not.
    """
    if guidance is not None and len(guidance) != len(prompts):
        raise AttentionError(f"got guidance for {len(guidance)} of {len(prompts)} prompts")
