"""How the embedded model does on categories it was not trained on: by prior, by question type, by field.

Asks through the same ``ChatModel`` as everybody else, with real images. Figures are of generated categories and
say nothing about real products.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from eagle_core.data.questions import questions_for
from eagle_core.data.scene import SceneRecord
from eagle_core.guidance.explanation import explanation_of, explanation_prompt, parse_explanation
from eagle_core.guidance.overlay import draw_boxes
from eagle_core.guidance.prompt import DEFECT_QUESTION, build_prompt
from eagle_core.mllm.protocol import ChatModel
from eagle_core.records import Prompt
from eagle_core.training.examples import expert_box
from eagle_core.training.images import TrainingImages
from eagle_core.training.scenes.canvas import COLOR_WORDS
from eagle_core.training.tokenizer import OBJECT_NAMES

FIELDS = ("says_defect", "severity", "kind", "place")
EXPLANATION_TOKENS = 32


def held_out_figures(model: ChatModel, data: TrainingImages, seed: int) -> dict[str, Any]:
    """Figures on ``data``, which must be drawn by another seed than the training images.

    Returns:
        ``balanced_accuracy`` by prior (query_only, none, right, wrong), ``question_type_accuracy``,
        ``explanation_accuracy`` by field over defective images (says_defect over all), and ``categories``.
    """
    figures = {
        name: _balanced_accuracy(model, data, shows) for name, shows in _PRIORS.items()
    }
    return {
        "categories": len(data),
        "balanced_accuracy": figures,
        "question_type_accuracy": _question_types(model, data, seed),
        "explanation_accuracy": _explanations(model, data),
    }


def _balanced_accuracy(model: ChatModel, data: TrainingImages, shows: Callable[[bool], dict[str, bool | None]]) -> float:
    rates = []
    for defective in (False, True):
        prompts = [_ask(data, i, defective, **shows(defective)) for i in range(len(data))]
        answers = model.answer(prompts)
        right = [a.p_defect is not None and (a.p_defect >= 0.5) == defective for a in answers]
        rates.append(float(np.mean(right)))
    return float(np.mean(rates))


def _ask(
    data: TrainingImages, index: int, defective: bool, *, template: bool | None, verdict: bool | None
) -> Prompt:
    query, scene = _query(data, index, defective)
    boxed = draw_boxes(query, [expert_box(scene, np.random.default_rng(index))]) if verdict else None
    templates = [Image.fromarray(data.templates[index])] if template else []
    return build_prompt(DEFECT_QUESTION, query, templates=templates, predicted_anomalous=verdict, boxed_query=boxed)


def _query(data: TrainingImages, index: int, defective: bool) -> tuple[Image.Image, SceneRecord]:
    images = data.defectives if defective else data.normals
    return Image.fromarray(images[index]), data.scenes[index][int(defective)]


def _question_types(model: ChatModel, data: TrainingImages, seed: int) -> dict[str, float]:
    right: dict[str, list[bool]] = defaultdict(list)
    for defective in (False, True):
        prompts = []
        for index in range(len(data)):
            query, scene = _query(data, index, defective)
            template = [Image.fromarray(data.templates[index])]
            rng = np.random.default_rng([seed, index, defective])
            for question in questions_for(scene, OBJECT_NAMES, tuple(COLOR_WORDS), rng):
                prompts.append(build_prompt(question, query, templates=template))
        for prompt, answer in zip(prompts, model.answer(prompts), strict=True):
            right[prompt.question.question_type].append(answer.letter == prompt.question.correct_letter)
    return {name: float(np.mean(hits)) for name, hits in sorted(right.items())}


def _explanations(model: ChatModel, data: TrainingImages) -> dict[str, float]:
    hits: dict[str, list[bool]] = {field: [] for field in FIELDS}
    for defective in (False, True):
        pairs = [_query(data, i, defective) for i in range(len(data))]
        prompts = [
            explanation_prompt(query, templates=[Image.fromarray(data.templates[i])]) for i, (query, _) in enumerate(pairs)
        ]
        texts = model.generate(prompts, max_new_tokens=EXPLANATION_TOKENS)
        _count(hits, texts, [scene for _, scene in pairs])
    return {field: float(np.mean(values)) for field, values in hits.items()}


def _count(hits: dict[str, list[bool]], texts: Sequence[str], scenes: Sequence[SceneRecord]) -> None:
    for text, scene in zip(texts, scenes, strict=True):
        claimed, true = parse_explanation(text), parse_explanation(explanation_of(scene))
        for field in FIELDS if scene.defect else FIELDS[:1]:
            hits[field].append(getattr(claimed, field) == getattr(true, field))


_PRIORS: dict[str, Callable[[bool], dict[str, bool | None]]] = {
    "query_only": lambda defective: {"template": False, "verdict": None},
    "no_prior": lambda defective: {"template": True, "verdict": None},
    "right_prior": lambda defective: {"template": True, "verdict": defective},
    "wrong_prior": lambda defective: {"template": True, "verdict": not defective},
}
