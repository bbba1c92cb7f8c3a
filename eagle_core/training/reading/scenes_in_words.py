"""What a random scene is, said in sentences: one for each question that can be asked about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from eagle_core.data.questions import questions_for
from eagle_core.data.scene import DEFECT_KINDS, PLACES, DefectFacts, DefectRecord, SceneRecord, severity_of
from eagle_core.guidance.explanation import explanation_of
from eagle_core.records import Question, QuestionType
from eagle_core.training.scenes.canvas import COLOR_WORDS
from eagle_core.training.tokenizer import OBJECT_NAMES

UNSEEN_KINDS = ("crack", "distortion", "misplacement")
"""Kinds of defects that no stage of training ever names."""
KINDS = tuple(kind for kind in DEFECT_KINDS if kind not in UNSEEN_KINDS)
_SYLLABLE = ("bcdfgklmnprstvw", "aeiou", "bdfgklmnprstx")
_NEVER_NAMED = {*DEFECT_KINDS, *COLOR_WORDS}
DEFECTIVE_SHARE = 0.75
"""Most questions are about a defect."""


@dataclass(frozen=True, slots=True)
class SceneInWords:
    """A scene, and the sentences from which questions about it can be answered."""

    scene: SceneRecord
    sentences: Mapping[QuestionType, str]
    """Question type -> the sentence that holds its answer."""
    facts: Mapping[str, DefectFacts]
    """Kind of defect -> how it looks and what it does, here."""
    has_own_facts: bool
    """Whether ``facts`` differ from the true ones."""


def draw_scene(
    rng: np.random.Generator, *, own_facts: bool, kinds: tuple[str, ...] = KINDS, named: tuple[str, ...] = KINDS, made_up: bool = False,
    defective: bool = False,
) -> SceneInWords:  # fmt: skip
    """A random scene.

    Args:
        rng: Draws everything.
        own_facts: Every kind looks and acts as another kind does in truth, so that looks and effects can only be read.
        kinds: Defects to draw from.
        named: Defects that options and knowledge may name, ``kinds`` among them.
        made_up: Kinds have names that mean nothing; looks and effects are those of ``named``.
        defective: Certainly; else DEFECTIVE_SHARE of the scenes are.
    """
    facts = exchanged_facts(rng, named) if own_facts else {kind: DEFECT_KINDS[kind] for kind in named}
    if made_up:
        facts = dict(zip(made_up_names(rng, len(named)), facts.values(), strict=True))
        kinds = tuple(facts)
    defect = None
    if defective or rng.random() < DEFECTIVE_SHARE:
        strength = float(rng.random())
        defect = DefectRecord(str(rng.choice(kinds)), PLACES[rng.integers(len(PLACES))], severity_of(strength), strength, (0, 0, 1, 1))
    scene = SceneRecord("product", str(rng.choice(OBJECT_NAMES)), "object", str(rng.choice(list(COLOR_WORDS))), defect)
    return SceneInWords(scene, sentences_of(scene, facts), facts, own_facts)


def made_up_names(rng: np.random.Generator, count: int) -> list[str]:
    """So many different names of one or two syllables each."""
    names: dict[str, None] = {}
    while len(names) < count:
        syllables = rng.integers(1, 3)
        name = "".join(str(rng.choice(list(letters))) for _ in range(syllables) for letters in _SYLLABLE)
        if name not in _NEVER_NAMED:
            names[name] = None
    return list(names)


def exchanged_facts(rng: np.random.Generator, named: tuple[str, ...] = KINDS) -> dict[str, DefectFacts]:
    """Every kind of ``named`` looks and acts as another one does in truth."""
    looks, effects = _another_for_each(len(named), rng), _another_for_each(len(named), rng)
    true = [DEFECT_KINDS[kind] for kind in named]
    return {kind: DefectFacts(true[looks[i]].appearance, true[effects[i]].effect) for i, kind in enumerate(named)}


def _another_for_each(count: int, rng: np.random.Generator) -> np.ndarray:
    """A permutation ``(count,)`` that leaves nothing where it was."""
    order = rng.permutation(count)
    return order[(np.argsort(order) + 1) % count]


def draw_question(told: SceneInWords, rng: np.random.Generator, asked: QuestionType | None = None) -> Question:
    """A question about the scene, its right letter as the scene (and its facts) have it."""
    questions = questions_for(told.scene, OBJECT_NAMES, tuple(COLOR_WORDS), rng, told.facts)
    fitting = [q for q in questions if asked in (None, q.question_type)]
    return fitting[int(rng.integers(len(fitting)))]


def sentences_of(scene: SceneRecord, facts: Mapping[str, DefectFacts] = DEFECT_KINDS) -> dict[QuestionType, str]:
    """Question type -> the sentence that answers it; of a normal scene only what can be asked about one."""
    said: dict[QuestionType, str] = {
        "object_classification": f"The object is a {scene.object_name}.",
        "object_analysis": f"Its main color is {scene.color}.",
        "anomaly_detection": explanation_of(scene),
    }
    if scene.defect is not None:
        known = facts[scene.defect.kind]
        said |= {
            "defect_classification": said["anomaly_detection"],
            "defect_localization": said["anomaly_detection"],
            "defect_description": f"The defect appears as {known.appearance}.",
            "defect_analysis": f"As an effect, {known.effect}.",
        }
    return said
