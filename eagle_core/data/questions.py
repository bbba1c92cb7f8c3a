"""MMAD's seven question types about a generated image, made from its SceneRecord.

Wording as in MMAD. Four options each (two for yes/no) in seeded order; the right letter is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from eagle_core.data.scene import DEFECT_KINDS, PLACES, DefectFacts, SceneRecord
from eagle_core.records import Question, QuestionType

LETTERS = "ABCD"
DEFECT_PREFIX = "There is a defect in the object. "


def questions_for(
    scene: SceneRecord,
    object_names: Sequence[str],
    colors: Sequence[str],
    rng: np.random.Generator,
    facts: Mapping[str, DefectFacts] = DEFECT_KINDS,
    plausible: Sequence[str] = (),
) -> tuple[Question, ...]:
    """All questions that make sense for ``scene``: seven for a defective image, three for a normal one.

    Args:
        scene: What the image shows.
        object_names: Names to draw wrong objects from; at least four, the scene's own included.
        colors: Words to draw wrong colours from; at least four, the scene's own included.
        rng: Draws wrong options and letters.
        facts: Kind of defect -> how it looks and what it does: those that options are drawn from, the scene's own included.
        plausible: Kinds that wrong options are before any other: those that befall the product. Knowledge tells of just these, so
            that, were they rarely wrong options, whoever takes what knowledge mentions would mostly be right without reading it.
    """
    asked = [
        _yes_no("Is there any defect in the object?", scene.defect is not None, rng),
        _choose("object_classification", "What is the object in the image?", scene.object_name, object_names, rng),
        _choose("object_analysis", "What is the main color of the object?", scene.color, colors, rng),
    ]
    if scene.defect is None:
        return tuple(asked)
    own, likely = facts[scene.defect.kind], [facts[kind] for kind in plausible]
    asked += [
        _choose("defect_classification", DEFECT_PREFIX + "What is the type of the defect?", scene.defect.kind, list(facts), rng, plausible),
        _choose("defect_localization", DEFECT_PREFIX + "Where is the defect?", scene.defect.place, PLACES, rng),
        _choose(
            "defect_description", DEFECT_PREFIX + "What is the appearance of the defect?", own.appearance,
            [known.appearance for known in facts.values()], rng, [known.appearance for known in likely],
        ),
        _choose(
            "defect_analysis", DEFECT_PREFIX + "What is the effect of the defect?", own.effect,
            [known.effect for known in facts.values()], rng, [known.effect for known in likely],
        ),
    ]  # fmt: skip
    return tuple(asked)


def _yes_no(text: str, defective: bool, rng: np.random.Generator) -> Question:
    """Which letter says yes is drawn, as it differs between MMAD's entries."""
    words = ("Yes.", "No.") if rng.random() < 0.75 else ("No.", "Yes.")
    options = tuple(zip(LETTERS, words, strict=False))
    wanted = "Yes." if defective else "No."
    right = next(letter for letter, word in options if word == wanted)
    return Question("anomaly_detection", "anomaly_detection", text, options, right)


def _choose(
    kind: QuestionType, text: str, right: str, pool: Sequence[str], rng: np.random.Generator, first: Sequence[str] = ()
) -> Question:
    drawn = [str(name) for name in rng.permutation([name for name in pool if name != right])]
    wrong = sorted(drawn, key=lambda name: name not in first)[:3]
    words = [str(word) for word in rng.permutation([right, *wrong])]
    options = tuple((letter, f"{word[0].upper()}{word[1:]}.") for letter, word in zip(LETTERS, words, strict=False))
    return Question(kind, kind, text, options, LETTERS[words.index(right)])
