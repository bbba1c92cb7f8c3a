"""Sentences about images that were asked about, each cached by its content like the answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import EagleConfig
from eagle_core.guidance.explanation import explanation_instead
from eagle_core.methods.outcome import verdict_of
from eagle_core.methods.plan import Plan
from eagle_core.records import Answer, Method
from tasks.machinery.holders import turn_of
from tasks.machinery.inputs import store_of
from tasks.machinery.store import Entry, Store, content_key

EXPLANATION_VERSION = 1
FILE = "explanation.json"


def to_explain(config: EagleConfig, method: Method, plans: Sequence[Plan], answers: Sequence[Answer]) -> list[int]:
    """Indices of the plans whose image is to be explained under ``config.explanation``."""
    when = config.explanation.when
    if when == "never" or method not in config.explanation.methods:
        return []
    return [
        index
        for index, (plan, answer) in enumerate(zip(plans, answers, strict=True))
        if plan.prompt.question.question_type == "anomaly_detection"
        and (when == "always" or verdict_of(answer, plan.prompt.question))
    ]


def explanations_to(
    config: EagleConfig,
    mllm: str,
    plans: Sequence[Plan],
    inputs: Sequence[dict[str, Any]],
    settings: AttentionSettings | None,
) -> list[str]:
    """The model's sentence about each plan's images, under the same prior and guidance as its question.

    Args:
        config: Of its section explanation the length is read.
        mllm: Asked where the store holds no sentence; loaded only then.
        plans: What was asked.
        inputs: Content of each plan's answer, of ``tasks.stages.answers.answer_inputs``.
        settings: How attention is guided.
    """
    store, limit = store_of(config), config.explanation.max_new_tokens
    wanted = [{"answer": content, "max_new_tokens": limit} for content in inputs]
    keys = [content_key("explanation", EXPLANATION_VERSION, content) for content in wanted]
    found = {i: entry for i, key in enumerate(keys) if (entry := store.find("explanation", key))}
    missing = [i for i in range(len(plans)) if i not in found]
    if missing:
        with turn_of(config, mllm, len(missing), "sentences asked") as model:
            texts = model.generate(
                [explanation_instead(plans[i].prompt) for i in missing],
                guidance=[plans[i].attention for i in missing] if settings else None,
                settings=settings,
                max_new_tokens=limit,
            )
        for i, text in zip(missing, texts, strict=True):
            found[i] = _keep(store, wanted[i], text)
    return [str(json.loads((found[i].path / FILE).read_text(encoding="utf-8"))["text"]) for i in range(len(plans))]


def _keep(store: Store, inputs: dict[str, Any], text: str) -> Entry:
    def compute(folder: Path) -> None:
        (folder / FILE).write_text(json.dumps({"text": text}), encoding="utf-8")

    return store.get_or_compute("explanation", EXPLANATION_VERSION, inputs, compute)
