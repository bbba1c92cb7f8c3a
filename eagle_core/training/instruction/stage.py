"""The instruction stage: cell reader, projector and decoder learn to answer real prompts about what the frozen tower sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import FastVlmForConditionalGeneration, PreTrainedTokenizerFast

from eagle_core.training.acuity import Seen
from eagle_core.training.alignment.architecture import tokens_of
from eagle_core.training.alignment.stage import (
    BOUND,
    COMPARING,
    MIDDLE,
    READING_WEIGHT,
    TEXT_TOKENS,
    projected,
)
from eagle_core.training.alignment.supervision import SeenDefects, ToldScenes, comparing_loss
from eagle_core.training.instruction.asked import IMAGE, Asked, draw_asked
from eagle_core.training.instruction.shared_prefix import hidden_states
from eagle_core.training.loop import Schedule, train
from eagle_core.training.precision import fast_products
from eagle_core.training.reading.encoding import IGNORED, EncodedLines, line_encoder
from eagle_core.training.reading.lines import draw_lines
from eagle_core.training.reading.stage import reading_loss
from eagle_core.training.reading.supervision import Binding
from eagle_core.training.scenes.defects import TRAINING_KINDS

BATCH = 8
SAID_WEIGHT = 0.4
"""Of the kind that a look at the defect has taken, said as knowledge's sentences say theirs."""
ANSWER_WEIGHT = 3.0
"""Of an answer's tokens: most are one letter."""


def train_instruction(
    model: FastVlmForConditionalGeneration,
    tokenizer: PreTrainedTokenizerFast,
    seen: Seen,
    schedule: Schedule,
    *,
    prior_reliability: float,
    categories_seed: int,
    seed: int,
    checkpoint: Path,
    progress: Callable[[int, int, float], None] | None = None,
) -> SeenDefects:
    """Train ``model`` in place; ``seen`` holds what the tower sees of boxed images too (``normal_boxed``, ``defective_boxed``).

    ``categories_seed`` is that of what was ``seen``: a checkpoint is gone on from with the same categories only.

    Returns:
        The heads in the middle, which are no part of the model.
    """
    decoder = model.model.language_model
    width = decoder.config.hidden_size
    defects, binding = SeenDefects(width, seen.grid, seed), Binding(width, seed)
    encode = line_encoder(tokenizer)
    words = torch.tensor([tokenizer(f" {kind}", add_special_tokens=False)["input_ids"][-1] for kind in TRAINING_KINDS])
    [image] = tokenizer(IMAGE, add_special_tokens=False)["input_ids"]
    tokens = seen.grid**2
    is_defective, is_counted = seen.is_defective()

    def loss(rng: np.random.Generator, _: float) -> torch.Tensor:
        asked = draw_asked(seen.scenes, rng, BATCH, tokens=tokens, prior_reliability=prior_reliability)
        sharing = len(asked) // BATCH
        batch = encode([one.line for one in asked])
        chosen, odd = [one.category for one in asked], np.array([[one.defective] for one in asked])
        raw = np.stack([seen.features[name][one.category] for one in asked[::sharing] for name in one.images])
        with fast_products():
            visual = projected(model, torch.from_numpy(raw).float())
            layers = (COMPARING, MIDDLE, MIDDLE + 1, BOUND, decoder.config.num_hidden_layers)
            low, middle, after, bound, last = hidden_states(model, batch.input_ids, visual, sharing, layers)
        labels = batch.labels[:, 1:]
        answers = labels != IGNORED
        answered = functional.cross_entropy(model.lm_head(last[:, :-1][answers]), labels[answers])
        before = sum(name == "template" for name in asked[0].images)
        at = query_at(batch, image, tokens, before)
        told, claims = ToldScenes.of([seen.scenes[one.category][int(one.defective)] for one in asked]), looks_at_defect(asked, batch)
        taught = defects.loss(
            decoder, middle, after, MIDDLE, at,
            torch.from_numpy(is_defective[chosen] & odd), torch.from_numpy(is_counted[chosen] | ~odd), told, claims,
        )  # fmt: skip
        rows, words_at = torch.nonzero(claims & torch.from_numpy(odd), as_tuple=True)
        if len(rows):
            taught = taught + SAID_WEIGHT * binding.knowledge.says(decoder, model.lm_head, after[rows, words_at], words[told.kind[rows]])
        taught = taught + binding.loss(decoder, model.lm_head, (middle, after, bound), BOUND, batch)
        if before:
            taught = taught + comparing_loss(decoder, low[::sharing], COMPARING, query_at(batch, image, tokens, 0), at, tokens)
        read = reading_loss(decoder, model.lm_head, binding, encode(draw_lines(rng, 1.0, TEXT_TOKENS)), BOUND, rng)
        return ANSWER_WEIGHT * answered + taught + READING_WEIGHT * read

    # On processors the backward pass of fused attention takes a third of the time.
    decoder.set_attn_implementation("eager")
    trained = {"decoder": decoder, "projector": model.model.multi_modal_projector, "reader": tokens_of(model).reader}
    train(
        nn.ModuleDict(trained | {"defects": defects, "binding": binding}),
        loss, schedule, seed=seed, checkpoint=checkpoint, progress=progress,
        about={"categories": len(seen.scenes), "categories_seed": categories_seed, "prior_reliability": prior_reliability},
    )  # fmt: skip
    decoder.set_attn_implementation("sdpa")
    return defects


def query_at(batch: EncodedLines, image: int, tokens: int, before: int) -> int:
    """First visual token of the query, the same in all rows, which ``before`` images precede."""
    return int(torch.nonzero(batch.input_ids[0] == image)[before * tokens, 0])


def looks_at_defect(asked: Sequence[Asked], batch: EncodedLines) -> torch.Tensor:
    """``(B, L) bool``: tokens that predict an answer about the defect."""
    at = torch.zeros(batch.labels.shape, dtype=torch.bool)
    at[:, :-1] = batch.labels[:, 1:] != IGNORED
    return at & torch.tensor([one.about_defect for one in asked])[:, None]
