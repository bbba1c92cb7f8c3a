"""What the decoder reads in the language stage: a scene in words, a question, the answer; bare, or as a real prompt.

In a real prompt the words stand where visual tokens will stand, between the same marks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from eagle_core.data.scene import SceneRecord
from eagle_core.guidance.explanation import explanation_of, explanation_prompt
from eagle_core.guidance.prompt import OPEN_INSTRUCTION, build_prompt
from eagle_core.records import ImagePart, Prompt, Question, QuestionType
from eagle_core.training.reading.knowledge import FACTUAL, drawn_knowledge
from eagle_core.training.reading.pieces import Line, Piece
from eagle_core.training.reading.scenes_in_words import SceneInWords, draw_question, draw_scene, sentences_of
from eagle_core.training.shown import PLACEHOLDER

EXPLAINED_SHARE, IN_WORDS_SHARE, KNOWLEDGE_SHARE = 0.1, 0.15, 0.5
TEMPLATE_SHARE = 0.6
BARE_TOKENS, PROMPT_TOKENS, KNOWLEDGE_TOKENS = 64, 256, 150
"""Of a line, about; and of knowledge in it."""
MADE_UP_SHARE = 0.5
"""Of the lines with knowledge: kinds have names that mean nothing, so that a name's line is found by the name."""
ASKED = "<|im_end|>\n<|im_start|>assistant\n"
FEW_FACTS_UNTIL = 0.1
"""Up to this part of the training a line shows only the sentence that answers its question."""
PLACES_FROM, PLACES_SHARE = 0.75, 0.4
"""From this part on, so many questions by letter are about places: "top", "left" and "top left" are told apart last."""
PROMPTS_FROM, PROMPT_SHARE = 0.4, 0.5
"""From this part on, so many batches are real prompts: four times as long as bare lines."""


def draw_lines(rng: np.random.Generator, progress: float, tokens: int) -> list[Line]:
    """A batch of about ``tokens`` tokens, all of one form, so that little is padded.

    Args:
        rng: Draws everything.
        progress: Part of the training that is done, 0 to 1: the longer, the harder.
        tokens: How long the lines are together, about.
    """
    as_prompts = progress >= PROMPTS_FROM and rng.random() < PROMPT_SHARE
    with_knowledge = progress >= FEW_FACTS_UNTIL and rng.random() < KNOWLEDGE_SHARE
    each = (PROMPT_TOKENS if as_prompts else BARE_TOKENS) + (KNOWLEDGE_TOKENS if with_knowledge else 0)
    return [draw_line(rng, progress, as_prompt=as_prompts, with_knowledge=with_knowledge) for _ in range(tokens // each)]


def draw_line(rng: np.random.Generator, progress: float, *, as_prompt: bool, with_knowledge: bool) -> Line:
    """One line: an explanation, an answer in words, or a letter."""
    told = draw_scene(rng, own_facts=with_knowledge, made_up=with_knowledge and rng.random() < MADE_UP_SHARE, defective=with_knowledge)
    if with_knowledge:
        question = draw_question(told, rng, FACTUAL[int(rng.integers(len(FACTUAL)))])
    elif rng.random() < EXPLAINED_SHARE:
        prompt = explanation_prompt(PLACEHOLDER, templates=[PLACEHOLDER] if as_prompt else [])
        pieces = _pieces(prompt, told, _shown(told, (), rng, progress), (), as_prompt=as_prompt)
        return Line((*pieces, Piece(explanation_of(told.scene), "answer")))
    elif told.scene.defect is not None and progress >= PLACES_FROM and rng.random() < PLACES_SHARE:
        question = draw_question(told, rng, "defect_localization")
    else:
        question = draw_question(told, rng)
    return line_about(told, question, rng, progress, as_prompt=as_prompt, in_words=rng.random() < IN_WORDS_SHARE)


def line_about(
    told: SceneInWords, question: Question, rng: np.random.Generator, progress: float, *, as_prompt: bool, in_words: bool = False,
    knowledge: Sequence[Piece] | None = None,
) -> Line:  # fmt: skip
    """The line that asks ``question``.

    Where the facts are this scene's own, looks and effects are told by knowledge about several kinds and not by the scene,
    which tells its kind.

    Args:
        told: What the scene is.
        question: About it.
        rng: Draws what else is shown, and in which order.
        progress: Part of the training that is done.
        as_prompt: As a real prompt with everything that EAGLE writes into one.
        in_words: Asks for words instead of a letter.
        knowledge: Shown instead of the drawn one; empty: none.
    """
    by_knowledge = told.has_own_facts and question.question_type in FACTUAL
    if knowledge is None:
        knowledge = drawn_knowledge(told, question, rng) if by_knowledge else ()
    remembered = question.question_type in FACTUAL and (by_knowledge or rng.random() < 0.5)
    # Beside the other of the two, the kind need not be known: one line of the knowledge holds both.
    left_out = FACTUAL if by_knowledge else (question.question_type,) if remembered else ()
    shown = _shown(told, left_out, rng, progress, question.question_type)
    asked = replace(question, is_open=in_words)
    templates = [PLACEHOLDER] if as_prompt and rng.random() < TEMPLATE_SHARE else []
    pieces = _pieces(build_prompt(asked, PLACEHOLDER, templates=templates), told, shown, knowledge, as_prompt=as_prompt)
    if by_knowledge and told.scene.defect is not None:
        pieces = [part for piece in pieces for part in _marked(piece, told.scene.defect.kind)]
    return line_in_words(pieces, question) if in_words else lettered_line(pieces, question)


def lettered_line(pieces: Sequence[Piece], question: Question) -> Line:
    """``question``, asked in ``pieces``, with its right letter."""
    right, letter = next((i, letter) for i, (letter, _) in enumerate(question.options) if letter == question.correct_letter)
    return Line((*pieces, Piece(letter, "answer")), right)


def line_in_words(pieces: Sequence[Piece], question: Question) -> Line:
    """``question``, asked openly in ``pieces``, with the words of its right option."""
    words = next(text for letter, text in question.options if letter == question.correct_letter)
    return Line((*pieces, Piece(words, "answer")))


def _marked(piece: Piece, kind: str) -> Iterator[Piece]:
    """``piece``, divided where it tells the kind of the scene's defect."""
    before, tells, after = piece.text.partition(f" {kind} in the ")
    if tells and piece.role == "shown":
        yield from (Piece(before, "shown"), Piece(f" {kind}", "kind"), Piece(f" in the {after}", "shown"))
    else:
        yield piece


def _shown(
    told: SceneInWords, left_out: Sequence[QuestionType], rng: np.random.Generator, progress: float, asked: QuestionType | None = None
) -> str:
    """Sentences about the query in random order; the one that answers ``asked`` is there unless it is ``left_out``."""
    needed = told.sentences["anomaly_detection"] if asked is None or asked in left_out else told.sentences[asked]
    # What was left out must not be found elsewhere.
    others = [s for kind, s in told.sentences.items() if s != needed and kind not in left_out]
    others = list(dict.fromkeys(others))
    more = 0 if progress < FEW_FACTS_UNTIL else int(rng.integers(len(others) + 1))
    chosen = [needed, *(others[i] for i in rng.permutation(len(others))[:more])]
    return " ".join(chosen[i] for i in rng.permutation(len(chosen)))


def _pieces(prompt: Prompt, told: SceneInWords, shown: str, knowledge: Sequence[Piece], *, as_prompt: bool) -> list[Piece]:
    """The rendered chat up to the answer, images as words."""
    if as_prompt:
        return prompt_pieces(prompt, lambda part: shown if part.role == "query" else _template_words(told.scene), knowledge)
    question = prompt.question
    request = "" if _lettered(question) else (OPEN_INSTRUCTION if question.is_open else "") + question.text
    written = [Piece("<|im_start|>user\n", "shown"), *knowledge, Piece(f"{shown} {request}", "shown")]
    return [*written, *_options(question), Piece(ASKED, "asked")]


def prompt_pieces(prompt: Prompt, shown: Callable[[ImagePart], str], knowledge: Sequence[Piece] = ()) -> list[Piece]:
    """A real prompt as the chat up to the answer.

    Args:
        prompt: With everything that EAGLE writes into one.
        shown: What stands between the marks of an image.
        knowledge: Told before the instruction; empty: none.
    """
    written = [Piece(f"<|im_start|>system\n{prompt.system}<|im_end|>\n<|im_start|>user\n", "shown")]
    for part in prompt.parts:
        if isinstance(part, ImagePart):
            written.append(Piece(f"<|vision_start|>{shown(part)}<|vision_end|>", "shown"))
        elif part.role == "instruction":
            written += [*knowledge, Piece(part.text, "shown")]
        elif part.role != "question" or not _lettered(prompt.question):
            written.append(Piece(part.text, "shown"))
    return [*written, *_options(prompt.question), Piece(ASKED, "asked")]


def _options(question: Question) -> list[Piece]:
    """The question and its options, where it has any to choose from by letter."""
    if not _lettered(question):
        return []
    options = [Piece(f" {letter}. {text}", "option", number) for number, (letter, text) in enumerate(question.options)]
    return [Piece(question.text, "shown"), *options]


def _lettered(question: Question) -> bool:
    return bool(question.options) and not question.is_open


def _template_words(scene: SceneRecord) -> str:
    return " ".join(sentences_of(replace(scene, defect=None)).values())
