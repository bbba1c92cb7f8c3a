"""Answers of an MLLM, each cached by its content: what the model really sees and does.

An answer's key holds prompt text, pixels, effective alpha and beta, layers and decoding. Two runs share every answer
that a changed parameter did not reach. The key needs the model's identity only: its weights are loaded at the first
answer that the store lacks.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import EagleConfig
from eagle_core.methods.plan import Plan
from eagle_core.mllm.answering import rule_for
from eagle_core.mllm.identity import ModelIdentity
from eagle_core.records import Answer, ImagePart, Method, Prompt
from tasks.machinery.holders import turn_of
from tasks.machinery.inputs import store_of
from tasks.machinery.store import Entry, Store, content_key

ANSWER_VERSION = 3


@dataclass(frozen=True, slots=True)
class Job:
    """One method of one MLLM on one category."""

    dataset: str
    category: str
    mllm: str
    method: Method


def answers_to(
    config: EagleConfig, job: Job, identity: ModelIdentity, plans: Sequence[Plan], settings: AttentionSettings | None
) -> tuple[list[Answer], int]:
    """Answers to ``plans``, and how many of them had to be asked."""
    store = store_of(config)
    keys = [answer_inputs(config, job, identity, p, settings) for p in plans]
    found = {i: e for i, k in enumerate(keys) if (e := store.find("answer", content_key("answer", ANSWER_VERSION, k)))}
    missing = [i for i in range(len(plans)) if i not in found]
    for batch in _batches(keys, missing, config.mllms[job.mllm].batch_size):
        with turn_of(config, job.mllm, len(batch)) as model:
            fresh = model.answer(
                [plans[i].prompt for i in batch],
                guidance=[plans[i].attention for i in batch] if settings else None,
                settings=settings,
            )
        for i, answer in zip(batch, fresh, strict=True):
            found[i] = _keep(store, keys[i], answer)
    return [_read_answer(found[i].path) for i in range(len(plans))], len(missing)


def _batches(keys: Sequence[dict[str, Any]], missing: Sequence[int], images: int) -> Iterator[list[int]]:
    """``missing`` in order, questions about the images of at most ``images`` samples at a time.

    Each batch is kept once it is answered. Questions about the same images stay together and share their prefix.
    """
    batch: list[int] = []
    seen: list[list[str]] = []
    for i in missing:
        if keys[i]["images"] not in seen:
            if len(seen) == images:
                yield batch
                batch, seen = [], []
            seen.append(keys[i]["images"])
        batch.append(i)
    if batch:
        yield batch


def answer_inputs(
    config: EagleConfig, job: Job, identity: ModelIdentity, p: Plan, settings: AttentionSettings | None
) -> dict[str, Any]:
    """Everything that shapes one answer. Attention settings enter only where attention is guided."""
    guided = settings is not None and (p.attention.alpha != 0 or p.attention.beta != 0)
    mllm, question = config.mllms[job.mllm], p.prompt.question
    rule = rule_for(mllm.answer, question)
    # The options of an open question are not in its text, but its answer is read by them.
    unseen = [[list(option) for option in question.options]] if question.is_open else []
    return {
        "model": identity.key(),
        "decoding": [rule, mllm.max_new_tokens if rule != "logits" else None, *unseen],
        "text": p.prompt.text,
        "images": list(_image_digests(p.prompt)),
        "attention": [p.attention.alpha, p.attention.beta, dataclasses.asdict(settings)] if guided and settings else None,
    }


def _image_digests(prompt: Prompt) -> Iterator[str]:
    for part in prompt.parts:
        if isinstance(part, ImagePart):
            yield f"{part.image.size}:{hashlib.sha256(part.image.tobytes()).hexdigest()}"


def _keep(store: Store, inputs: dict[str, Any], answer: Answer) -> Entry:
    def compute(folder: Path) -> None:
        text = json.dumps(dataclasses.asdict(answer), allow_nan=False)
        (folder / "answer.json").write_text(text, encoding="utf-8")

    return store.get_or_compute("answer", ANSWER_VERSION, inputs, compute)


def _read_answer(folder: Path) -> Answer:
    fields = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    fields["option_log_probabilities"] = tuple((k, v) for k, v in fields["option_log_probabilities"])
    return Answer(**fields)
