"""Knowledge in a line, as Echo tells it. It tells of every kind that is an option, or whose looks or effects are one, so that only
who finds the own kind's sentence is right; or, with images, of the own kind and a few others, as of a category's kinds in the pipeline.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eagle_core.echo.knowledge import ABOUT_NORMAL, known_defect, known_normal, titled_by_rule
from eagle_core.echo.modules import KNOWLEDGE_CAPTION
from eagle_core.records import Question, QuestionType
from eagle_core.training.reading.pieces import Piece
from eagle_core.training.reading.scenes_in_words import SceneInWords

FACTUAL: tuple[QuestionType, ...] = ("defect_description", "defect_analysis")
"""Questions that knowledge answers as well as a look."""
MORE_KINDS = 1
"""At most so many are told besides those of the options."""
OF_CATEGORY = (2, 3)
"""So many are told besides the own kind where knowledge is a category's."""


def kinds_of_options(told: SceneInWords, question: Question) -> list[str]:
    """The kinds that the options of ``question`` are, or whose looks or effects they are."""
    options = [text.removesuffix(".").lower() for _, text in question.options]
    return [kind for kind, facts in told.facts.items() if {kind, facts.appearance.lower(), facts.effect.lower()} & set(options)]


def drawn_knowledge(
    told: SceneInWords, question: Question, rng: np.random.Generator, *, of_category: bool = False
) -> tuple[Piece, ...]:
    """Looks and effects of the options' kinds and perhaps of others, in random order, whole or condensed; or what is normal, as
    the rule condenses it for questions about that.

    Args:
        told: The scene and its facts.
        question: What is asked.
        rng: Draws everything.
        of_category: Tells of the own kind and a few others, but not of all that are options, as Echo tells of a category's kinds. The
            others are options too where these are kinds: else what is told of and is an option would mostly be right.
    """
    if question.question_type in ABOUT_NORMAL:
        return (Piece(f"{KNOWLEDGE_CAPTION}{titled_by_rule(_normal(told))}\n", "shown"),)
    options = kinds_of_options(told, question)
    own = [told.scene.defect.kind] if told.scene.defect else []
    kinds = own if of_category else options or own
    known = options if of_category and options else told.facts
    others = [kind for kind in known if kind not in kinds]
    count = int(rng.integers(MORE_KINDS + 1)) if options and not of_category else int(rng.choice(OF_CATEGORY))
    more = [others[i] for i in rng.permutation(len(others))[:count]]
    return knowledge_pieces(told, [str(kind) for kind in rng.permutation([*kinds, *more])], question, condensed=bool(rng.random() < 0.5))


def knowledge_pieces(told: SceneInWords, kinds: Sequence[str], question: Question, *, condensed: bool) -> tuple[Piece, ...]:
    """What is known of ``kinds`` before ``question`` is asked.

    Args:
        told: The scene and its facts.
        kinds: In this order, a line each.
        question: Which sentence about the scene's own kind holds the answer.
        condensed: As the rule condenses it (Echo's CSK), else with what is normal, as domain knowledge (DK).
    """
    own = told.scene.defect.kind if told.scene.defect else None
    pieces = [Piece(KNOWLEDGE_CAPTION, "shown")]
    if not condensed:
        pieces.append(Piece(f"{_normal(told)}\n", "shown"))
    for kind in kinds:
        whole = known_defect(kind, told.facts[kind])
        named = whole.index(f" {kind} ")
        after = named + len(f" {kind}")
        looks_end = whole.index(".", after) + 1
        title = whole[:named]
        answers = question.question_type if kind == own else None
        pieces += [
            Piece(titled_by_rule(title) if condensed else title, "shown"),
            Piece(whole[named:after], "named"),
            Piece(whole[after:looks_end], "holds_answer" if answers == "defect_description" else "told"),
            Piece(whole[looks_end:], "holds_answer" if answers == "defect_analysis" else "told"),
            Piece("\n", "shown"),
        ]
    return tuple(pieces)


def _normal(told: SceneInWords) -> str:
    return known_normal(told.scene.object_name, told.scene.color)
