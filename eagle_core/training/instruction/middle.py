"""What the middle of the decoder knows of a query beside its template, whatever is said afterwards: which part of the way loses what."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from transformers import FastVlmForConditionalGeneration, PreTrainedTokenizerFast

from eagle_core.data.scene import PLACES
from eagle_core.training.acuity import Seen
from eagle_core.training.alignment.answers import visual_of
from eagle_core.training.alignment.stage import MIDDLE
from eagle_core.training.alignment.supervision import SeenDefects
from eagle_core.training.instruction.asked import explanation_tokens
from eagle_core.training.instruction.shared_prefix import hidden_states
from eagle_core.training.looking import looks_of

BATCH = 25


def known_in_the_middle(
    model: FastVlmForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, defects: SeenDefects, seen: Seen
) -> dict[str, float]:
    """By the heads that the training throws away, where the model is about to explain what it sees.

    Args:
        model: Taught together with ``defects``.
        tokenizer: Its own.
        defects: The heads.
        seen: What the tower sees of categories.

    Returns:
        ``auroc`` of the visual token that looks most defective; how often ``kind`` and ``place`` are right there; the share of its
        attention that the taught head gives to the defect (``looked_at_defect``), how often the place is right where it looks
        most (``place_looked_at``), and how often kind and place are right after that look, at the prompt's last token
        (``kind_taken``, ``place_taken``); all but the first of defective images.
    """
    prompt = explanation_tokens(tokenizer, seen.grid**2)
    parts = {name: list(_read(model, defects, seen, prompt, name)) for name in ("normal", "defective")}
    highest = [torch.cat([found.amax(1) for found, *_ in of]).numpy() for of in parts.values()]
    found, kinds, looks, kind_taken, place_taken = (torch.cat(each) for each in zip(*parts["defective"], strict=True))
    defective, _ = seen.is_defective()
    at, looked = found.argmax(1), looks.argmax(1)
    right = np.array([PLACES.index(scene.defect.place) for _, scene in seen.scenes if scene.defect])
    return {
        "auroc": float(roc_auc_score(np.repeat([0, 1], len(found)), np.concatenate(highest))),
        "kind": float(np.mean(kinds[torch.arange(len(at)), at].argmax(-1).numpy() == seen.kinds)),
        "place": float(np.mean(defects.ninths[at].numpy() == right)),
        "looked_at_defect": float((looks.exp() * torch.from_numpy(defective)).sum(1).mean()),
        "place_looked_at": float(np.mean(defects.ninths[looked].numpy() == right)),
        "kind_taken": float(np.mean(kind_taken.argmax(-1).numpy() == seen.kinds)),
        "place_taken": float(np.mean(place_taken.argmax(-1).numpy() == right)),
    }


def _read(
    model: FastVlmForConditionalGeneration, defects: SeenDefects, seen: Seen, prompt: list[int], name: str
) -> Iterator[tuple[torch.Tensor, ...]]:
    """Of each batch: logits of defects ``(B, tokens)`` and kinds ``(B, tokens, kinds)``, log attention ``(B, tokens)``, and after the
    look, at the last token, logits of kinds ``(B, kinds)`` and places ``(B, places)``.
    """
    last = len(prompt) - prompt[::-1].index(model.config.image_token_index)
    tokens = slice(last - seen.grid**2, last)
    with torch.inference_mode():
        for start in range(0, len(seen.scenes), BATCH):
            rows = range(start, min(start + BATCH, len(seen.scenes)))
            visual = visual_of(model, seen, [(category, ("template", name)) for category in rows])
            hidden, after = hidden_states(model, torch.tensor(prompt).expand(len(rows), -1), visual, 1, (MIDDLE, MIDDLE + 1))
            looks = looks_of(model.model.language_model, hidden, MIDDLE)[:, -1, tokens]
            taken = (defects.taken[name](after[:, -1]) for name in ("kind", "place"))
            yield defects.defect(hidden[:, tokens])[..., 0], defects.kind(hidden[:, tokens]), looks, *taken
