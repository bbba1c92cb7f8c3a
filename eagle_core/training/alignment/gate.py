"""What the alignment stage must reach before the next begins: captions of categories that no training has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from transformers import FastVlmForConditionalGeneration, PreTrainedTokenizerFast

from eagle_core.training.acuity import Seen
from eagle_core.training.alignment.answers import sentences
from eagle_core.training.alignment.captions import CaptionEncoder, Claims, caption_of, claims_of
from eagle_core.training.scenes.defects import TRAINING_KINDS

REQUIRED = {"kind": 0.7, "place": 0.8}
"""Shares of the defective images whose caption, beside a template, says it rightly."""
CAPTION_TOKENS = 64
FORMS = {"compared": ("template",), "alone": ()}


@dataclass(frozen=True, slots=True)
class AlignmentGate:
    """Shares of right claims in greedy captions."""

    right: dict[str, dict[str, float]]
    """``compared`` (beside a template) and ``alone`` -> object, color (over all images), kind, place, severity (over the
    defective ones; a caption without a defect has none right), says_defect (balanced accuracy)."""
    by_kind: dict[str, float]
    """Kind of defect -> how often a compared caption says it."""
    categories: int

    @property
    def passed(self) -> bool:
        """Whether the next stage may begin."""
        return all(self.right["compared"][name] >= least for name, least in REQUIRED.items())

    def described(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "right": self.right,
            "kind_by_kind": self.by_kind,
            "required": REQUIRED,
            "passed": self.passed,
            "categories": self.categories,
        }


def alignment_gate(model: FastVlmForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, seen: Seen) -> AlignmentGate:
    """Let ``model`` caption what its tower has ``seen`` of held-out categories."""
    right: dict[str, dict[str, float]] = {}
    by_kind: dict[str, float] = {}
    for form, before in FORMS.items():
        claimed = {name: _claims(model, tokenizer, seen, (*before, name)) for name in ("normal", "defective")}
        true = {
            name: [claims_of(caption_of(pair[which], compared=bool(before))) for pair in seen.scenes]
            for which, name in enumerate(("normal", "defective"))
        }
        hits = {name: _hits(claimed[name], true[name]) for name in claimed}
        both = {name: np.concatenate([hits["normal"][name], hits["defective"][name]]) for name in ("object_name", "color")}
        odd = hits["defective"]
        right[form] = {
            "object": float(both["object_name"].mean()),
            "color": float(both["color"].mean()),
            **{name: float(odd[name].mean()) for name in ("kind", "place", "severity")},
            "says_defect": float(np.mean([hits[name]["says_defect"].mean() for name in hits])),
        }
        if before:
            kinds = seen.kinds
            by_kind = {k: float(odd["kind"][kinds == i].mean()) for i, k in enumerate(TRAINING_KINDS) if (kinds == i).any()}
    return AlignmentGate(right, by_kind, len(seen.scenes))


def _claims(
    model: FastVlmForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, seen: Seen, images: tuple[str, ...]
) -> list[Claims]:
    prompt = CaptionEncoder(tokenizer, seen.grid**2).prompt(len(images))
    return [claims_of(text) for text in sentences(model, tokenizer, seen, prompt, images, tokens=CAPTION_TOKENS)]


def _hits(claimed: list[Claims], true: list[Claims]) -> dict[str, np.ndarray]:
    return {
        name: np.array([getattr(a, name) == getattr(b, name) for a, b in zip(claimed, true, strict=True)])
        for name in Claims.__slots__
    }
