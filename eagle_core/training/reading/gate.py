"""What the language stage must reach before the next begins, measured on scenes and letters drawn by another seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedTokenizerFast, Qwen2Model

from eagle_core.data.questions import LETTERS
from eagle_core.records import QuestionType
from eagle_core.training.reading.encoding import line_encoder
from eagle_core.training.reading.knowledge import FACTUAL
from eagle_core.training.reading.lines import line_about
from eagle_core.training.reading.pieces import Line
from eagle_core.training.reading.scenes_in_words import (
    KINDS,
    UNSEEN_KINDS,
    SceneInWords,
    draw_question,
    draw_scene,
    sentences_of,
)

REQUIRED = 0.98
"""Share of right letters among four, over the question types."""
BATCH = 32
Make = Callable[[np.random.Generator], Line]
Ask = Callable[[SceneInWords, np.random.Generator], Line]


@dataclass(frozen=True, slots=True)
class ReadingGate:
    """Shares of right letters, each over real prompts whose images are words."""

    by_type: dict[QuestionType, float]
    four_options: float
    """Mean over the six types that have four options."""
    knowledge: dict[str, dict[str, float]]
    """Looks and effects that are another kind's here, of kinds that training names (``named``) and of those that it never names
    (``never_named``): with knowledge about all kinds of the options (``known``), without (``not_known``), and with the looks and
    effects of two kinds exchanged (``exchanged``: the answer that the exchanged knowledge makes right). The knowledge tells of
    every option, so that only who finds the own kind's sentence is right."""
    asked: int
    """Questions of each share."""

    @property
    def passed(self) -> bool:
        """Whether the next stage may begin."""
        return self.four_options >= REQUIRED

    def described(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "right_letters": self.by_type,
            "four_options": self.four_options,
            "required": REQUIRED,
            "passed": self.passed,
            "knowledge": self.knowledge,
            "questions_of_each": self.asked,
        }


def reading_gate(
    decoder: Qwen2Model,
    lm_head: nn.Module,
    tokenizer: PreTrainedTokenizerFast,
    *,
    seed: int,
    count: int,
) -> ReadingGate:
    """Ask ``count`` questions of each type about fresh scenes, every letter in its place by chance.

    Args:
        decoder: Is asked.
        lm_head: Hidden state -> logits.
        tokenizer: Of the decoder.
        seed: Of scenes and letters; another than training's.
        count: Questions of each share.
    """

    def share(make: Make, number: int) -> float:
        lines = [make(np.random.default_rng([seed, number, index])) for index in range(count)]
        return _right(decoder, lm_head, tokenizer, lines)

    types: tuple[QuestionType, ...] = get_args(QuestionType)
    by_type = {kind: share(_about(kind), number) for number, kind in enumerate(types)}
    four = [value for kind, value in by_type.items() if kind != "anomaly_detection"]
    knowledge = {
        name: {form: share(_told(kinds, ask), len(types) + i * len(FORMS) + j) for j, (form, ask) in enumerate(FORMS.items())}
        for i, (name, kinds) in enumerate({"named": KINDS, "never_named": UNSEEN_KINDS}.items())
    }
    return ReadingGate(by_type, float(np.mean(four)), knowledge, count)


def _about(asked: QuestionType) -> Make:
    def make(rng: np.random.Generator) -> Line:
        told = draw_scene(rng, own_facts=False, defective=True)
        return line_about(told, draw_question(told, rng, asked), rng, 1.0, as_prompt=True)

    return make


def _told(kinds: tuple[str, ...], ask: Ask) -> Make:
    named = tuple(dict.fromkeys((*KINDS, *kinds)))
    return lambda rng: ask(draw_scene(rng, own_facts=True, kinds=kinds, named=named, defective=True), rng)


def _known(told: SceneInWords, rng: np.random.Generator) -> Line:
    return line_about(told, _factual(told, rng), rng, 1.0, as_prompt=True)


def _not_known(told: SceneInWords, rng: np.random.Generator) -> Line:
    return line_about(told, _factual(told, rng), rng, 1.0, as_prompt=True, knowledge=())


def _exchanged(told: SceneInWords, rng: np.random.Generator) -> Line:
    """As ``_known``, but the looks and effects of the scene's kind and of another one are exchanged."""
    kind = told.scene.defect.kind if told.scene.defect else ""
    other = str(rng.choice([k for k in KINDS if k != kind]))
    facts = {**told.facts, kind: told.facts[other], other: told.facts[kind]}
    return _known(replace(told, facts=facts, sentences=sentences_of(told.scene, facts)), rng)


def _factual(told: SceneInWords, rng: np.random.Generator) -> Any:
    return draw_question(told, rng, FACTUAL[int(rng.integers(len(FACTUAL)))])


def _right(decoder: Qwen2Model, lm_head: nn.Module, tokenizer: PreTrainedTokenizerFast, lines: Sequence[Line]) -> float:
    """Share of lines whose most probable option is right."""
    encode = line_encoder(tokenizer)
    letters = torch.tensor(tokenizer.convert_tokens_to_ids(list(LETTERS)))
    by_length: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        by_length[sum(piece.role == "option" for piece in line.pieces)].append(line)
    hits = 0
    with torch.inference_mode():
        for options, alike in by_length.items():
            for start in range(0, len(alike), BATCH):
                batch = encode(alike[start : start + BATCH])
                states = decoder(input_ids=batch.input_ids, use_cache=False).last_hidden_state
                logits = lm_head(states[torch.arange(len(states)), batch.asked_at])[:, letters[:options]]
                hits += int((logits.argmax(-1) == batch.right).sum())
    return hits / len(lines)



FORMS: dict[str, Ask] = {"known": _known, "not_known": _not_known, "exchanged": _exchanged}
