"""What the model answers to prompts about cached images: probabilities of letters, and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import FastVlmForConditionalGeneration, PreTrainedTokenizerFast
from transformers.modeling_outputs import BaseModelOutputWithPooling

from eagle_core.data.questions import LETTERS
from eagle_core.training.acuity import Seen
from eagle_core.training.alignment.stage import projected
from eagle_core.training.reading.encoding import line_encoder
from eagle_core.training.reading.lines import Line

BATCH = 16


def visual_of(model: FastVlmForConditionalGeneration, seen: Seen, shown: Sequence[tuple[int, tuple[str, ...]]]) -> torch.Tensor:
    """Projected visual tokens of the images of (category, names of images) pairs, one image after the other."""
    raw = np.stack([seen.features[name][category] for category, names in shown for name in names])
    return projected(model, torch.from_numpy(raw).float())


def letter_probabilities(
    model: FastVlmForConditionalGeneration,
    tokenizer: PreTrainedTokenizerFast,
    seen: Seen,
    asked: Sequence[tuple[int, tuple[str, ...], Line]],
) -> np.ndarray:
    """``(N, options) float64``: of each prompt's letters, among themselves.

    Args:
        model: Asked.
        tokenizer: Its own.
        seen: What is shown.
        asked: Category, names of its images in the prompt's order, and the line; all with as many options.
    """
    encode = line_encoder(tokenizer)
    options = sum(piece.role == "option" for piece in asked[0][2].pieces)
    letters = torch.tensor(tokenizer.convert_tokens_to_ids(list(LETTERS[:options])))
    found = []
    with torch.inference_mode():
        for start in range(0, len(asked), BATCH):
            part = asked[start : start + BATCH]
            batch = encode([line for _, _, line in part])
            visual = visual_of(model, seen, [(category, names) for category, names, _ in part])
            states = model.model(
                input_ids=batch.input_ids,
                mm_encoder_outputs={"image": BaseModelOutputWithPooling(pooler_output=visual)},
                use_cache=False,
            ).last_hidden_state
            logits = model.lm_head(states[torch.arange(len(part)), batch.asked_at])[:, letters]
            found.append(logits.double().softmax(-1))
    return torch.cat(found).numpy()


def sentences(
    model: FastVlmForConditionalGeneration,
    tokenizer: PreTrainedTokenizerFast,
    seen: Seen,
    prompt: Sequence[int],
    images: tuple[str, ...],
    *,
    tokens: int,
) -> list[str]:
    """Greedy answers to the same prompt about every category's ``images`` (names of ``seen.features``), ``tokens`` at most."""
    [image] = tokenizer("<|image_pad|>", add_special_tokens=False)["input_ids"]
    asked = torch.tensor(list(prompt))
    said: list[str] = []
    whole: Any = model
    with torch.inference_mode():
        for start in range(0, len(seen.scenes), 2 * BATCH):
            rows = range(start, min(start + 2 * BATCH, len(seen.scenes)))
            visual = visual_of(model, seen, [(category, images) for category in rows])
            ids = asked.expand(len(rows), -1)
            embedded = model.get_input_embeddings()(ids)
            embedded = embedded.masked_scatter((ids == image)[..., None], visual)
            answered = whole.generate(inputs_embeds=embedded, attention_mask=torch.ones_like(ids), max_new_tokens=tokens)
            said += tokenizer.batch_decode(answered, skip_special_tokens=True)
    return said
