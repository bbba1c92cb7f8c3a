"""What the instruction stage asks: real prompts about images that the tower has seen, with their true answers.

All seven types of questions by letter, and explanations; with and without template, prior, boxes, knowledge and Echo's steps of
reasoning; some without knowledge as statements to judge, or open, as Echo asks them too. Where questions about looks and effects
come with knowledge, it is true in some, so that it is no less right than what is remembered; in the others every kind looks and
acts as another one does, so that the answer stands only there. In some of these the kind that is seen has a name that means
nothing, and its sentence is found by exclusion; in the rest other kinds have such names, and where what is told is true any of
them, so that an unfamiliar name does not tell by itself which kind is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from transformers import PreTrainedTokenizerFast

from eagle_core.data.question_sets import in_form
from eagle_core.data.questions import questions_for
from eagle_core.data.scene import DEFECT_KINDS, SceneRecord
from eagle_core.echo.modules import reasoning_steps
from eagle_core.guidance.explanation import explanation_of, explanation_prompt
from eagle_core.guidance.prompt import DEFECT_QUESTION, build_prompt
from eagle_core.records import Question
from eagle_core.training.reading.knowledge import FACTUAL, drawn_knowledge
from eagle_core.training.reading.lines import lettered_line, line_in_words, prompt_pieces
from eagle_core.training.reading.pieces import Line, Piece
from eagle_core.training.reading.scenes_in_words import (
    KINDS,
    SceneInWords,
    exchanged_facts,
    made_up_names,
    sentences_of,
)
from eagle_core.training.scenes.canvas import COLOR_WORDS
from eagle_core.training.scenes.categories import SEEN_PRODUCT_NAMES
from eagle_core.training.shown import PLACEHOLDER, STANDARD_LETTERS, TOLD, Variant, draw_variant, shown_with

EXPLANATION_SHARE, INFORMED_SHARE, REASONED_SHARE, BOTH_SHARE = 0.35, 0.3, 0.1, 0.4
"""Of the batches: asked for a sentence; and of the others, informed by knowledge, and told to reason step by step, as Echo does (of the
informed ones: BOTH_SHARE). All of a batch are, because its longest prompt decides what each of them costs.
"""
TOLD_SHARE = 0.4
"""Of the requests for a sentence, at least: after the verdict that there is a defect, and its box, as EAGLE asks for most of them."""
FORMS = {"multiple_choice": 0.55, "true_false": 0.3, "open": 0.15}
"""Of the batches that are asked questions and neither informed nor told to reason: the form of all of them."""
QUESTIONS = 5
"""About the same images: whether there is a defect, and others."""
OTHERS_INFORMED_SHARE = 0.3
"""Of the questions in an informed batch that are not about looks and effects are told what is true; of these all are told something."""
TRUE_SHARE = 0.4
"""Of the latter: what is told is true."""
MOST_UNFAMILIAR = 4
"""Of the kinds have names that mean nothing, any of them: neither having such a name nor having none is a sign of being right."""
OF_CATEGORY_SHARE = 0.3
"""Of what is told: about the own kind and a few others, not all that are options."""
TRUE_FACTS = {kind: DEFECT_KINDS[kind] for kind in KINDS}
"""Of the kinds that training names: an option that is never right would be learnt as such."""
IMAGE = "<|image_pad|>"


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt with its answer. ``images`` names what is shown, in the prompt's order."""

    category: int
    defective: bool
    images: tuple[str, ...]
    line: Line
    about_defect: bool
    """Whether the answer depends on the query's defect."""


@dataclass(frozen=True, slots=True)
class _Form:
    """What the prompts of a batch have in common."""

    variant: Variant
    anomalous: bool
    """The verdict, where there is a prior: with it go the boxes, and so the number of images."""
    explained: bool
    informed: bool
    reasoned: bool
    questions: str
    """In FORMS."""


def draw_asked(
    scenes: Sequence[tuple[SceneRecord, SceneRecord]], rng: np.random.Generator, count: int, *, tokens: int, prior_reliability: float
) -> list[Asked]:
    """A batch of one form: its prompts are alike up to the question, so that images stand at the same tokens in all of them.

    Args:
        scenes: (normal, defective) of each category.
        rng: Draws everything.
        count: Of images that are asked about. Each is asked for one sentence, or each QUESTIONS questions, one after the other.
        tokens: Visual tokens of an image.
        prior_reliability: Probability that the expert's verdict is right. Boxes follow the verdict, as EAGLE's do.
    """
    explained, informed, anomalous = (bool(rng.random() < share) for share in (EXPLANATION_SHARE, INFORMED_SHARE, 0.5))
    reasoned = bool(rng.random() < (BOTH_SHARE if informed else REASONED_SHARE))
    questions = "multiple_choice" if informed or reasoned else str(rng.choice(list(FORMS), p=list(FORMS.values())))
    variant = draw_variant(rng)
    if explained and rng.random() < TOLD_SHARE:
        variant, anomalous = TOLD, True
    form = _Form(variant, anomalous, explained, informed, reasoned, questions)
    return [one for _ in range(count) for one in _draw(scenes, form, rng, tokens, prior_reliability)]


def _draw(
    scenes: Sequence[tuple[SceneRecord, SceneRecord]], form: _Form, rng: np.random.Generator, tokens: int, prior_reliability: float
) -> list[Asked]:
    variant, anomalous = form.variant, form.anomalous
    category = int(rng.integers(len(scenes)))
    if variant.prior:
        defective = anomalous if rng.random() < prior_reliability else not anomalous
    else:
        defective = bool(rng.random() < 0.5)
    scene, name = scenes[category][int(defective)], "defective" if defective else "normal"
    boxed = variant.boxes and (anomalous or not variant.prior)
    cues, images = shown_with(name, template=variant.template, verdict=anomalous if variant.prior else None, boxed=boxed)
    if form.explained:
        pieces = prompt_pieces(explanation_prompt(PLACEHOLDER, **cues), lambda _: IMAGE * tokens)
        return [Asked(category, defective, images, Line((*pieces, Piece(explanation_of(scene), "answer"))), True)]
    asked = []
    for lettered, knowledge in draw_questions_about(scene, rng, informed=form.informed):
        question = in_form(lettered, form.questions, int(rng.integers(2**32)), "")
        steps = (Piece(reasoning_steps(int(variant.template), question), "shown"),) if form.reasoned else ()
        pieces = prompt_pieces(build_prompt(question, PLACEHOLDER, **cues), lambda _: IMAGE * tokens, (*knowledge, *steps))
        line = line_in_words(pieces, question) if question.is_open else lettered_line(pieces, question)
        asked.append(Asked(category, defective, images, line, not question.question_type.startswith("object")))
    return asked


def draw_questions_about(scene: SceneRecord, rng: np.random.Generator, *, informed: bool) -> list[tuple[Question, tuple[Piece, ...]]]:
    """QUESTIONS questions by letter with their right letters, and the knowledge that is told with each, or nothing.

    One is whether there is a defect, one where it is; if ``informed``, two are about looks and effects; the others are of
    different types as far as the scene has them.
    """
    asked = questions_for(scene, SEEN_PRODUCT_NAMES, tuple(COLOR_WORDS), rng, TRUE_FACTS)
    others = list(asked[1:])
    while len(others) < QUESTIONS - 1:
        others += questions_for(scene, SEEN_PRODUCT_NAMES, tuple(COLOR_WORDS), rng, TRUE_FACTS)[1:]
    drawn = [others[i] for i in rng.permutation(len(others))]
    first = ("defect_localization", *(FACTUAL if informed else ()))
    chosen = sorted(drawn, key=lambda question: question.question_type not in first)[: QUESTIONS - 1]
    standard = replace(DEFECT_QUESTION, correct_letter="A" if scene.defect is not None else "B")
    verdict = standard if rng.random() < STANDARD_LETTERS else asked[0]
    return [(of, ()) if not informed else _informed(of, scene, rng) for of in (verdict, *chosen)]


def _informed(question: Question, scene: SceneRecord, rng: np.random.Generator) -> tuple[Question, tuple[Piece, ...]]:
    of_category = bool(rng.random() < OF_CATEGORY_SHARE)
    if question.question_type not in FACTUAL:
        if rng.random() >= OTHERS_INFORMED_SHARE:
            return question, ()
        told = SceneInWords(scene, sentences_of(scene), TRUE_FACTS, False)
        return question, drawn_knowledge(told, question, rng, of_category=of_category)
    assert scene.defect is not None
    own, is_true = scene.defect.kind, rng.random() < TRUE_SHARE
    facts = TRUE_FACTS if is_true else exchanged_facts(rng)
    names = _meaningless_names(list(facts), int(rng.integers(MOST_UNFAMILIAR + 1)), rng)
    facts = {names.get(kind, kind): known for kind, known in facts.items()}
    scene = replace(scene, defect=replace(scene.defect, kind=names.get(own, own)))
    told = SceneInWords(scene, sentences_of(scene, facts), facts, True)
    asked = questions_for(scene, SEEN_PRODUCT_NAMES, tuple(COLOR_WORDS), rng, facts)
    about = next(of for of in asked if of.question_type == question.question_type)
    return about, drawn_knowledge(told, about, rng, of_category=of_category)


def _meaningless_names(kinds: Sequence[str], count: int, rng: np.random.Generator) -> dict[str, str]:
    """For ``count`` of ``kinds``, names that mean nothing."""
    return dict(zip(rng.permutation(kinds)[:count].tolist(), made_up_names(rng, count), strict=True))


def explanation_tokens(tokenizer: PreTrainedTokenizerFast, tokens: int, *, told: bool = False) -> list[int]:
    """Token ids of the request for a sentence about a query beside its template; ``tokens`` visual tokens an image.

    Args:
        tokenizer: Of the model that is asked.
        tokens: Of an image.
        told: After the verdict that there is a defect, and beside the query with its box.
    """
    cues, _ = shown_with("query", template=True, verdict=True if told else None, boxed=told)
    pieces = prompt_pieces(explanation_prompt(PLACEHOLDER, **cues), lambda _: IMAGE * tokens)
    return list(tokenizer("".join(piece.text for piece in pieces), add_special_tokens=False)["input_ids"])
