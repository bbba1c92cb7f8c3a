"""What the instruction stage must reach: real prompts about categories that no training has seen, letters shuffled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score
from transformers import FastVlmForConditionalGeneration, PreTrainedTokenizerFast

from eagle_core.data.question_sets import in_form
from eagle_core.data.questions import questions_for
from eagle_core.data.scene import SceneRecord
from eagle_core.evaluation.calibration_error import calibration_error
from eagle_core.guidance.explanation import explanation_of, parse_explanation
from eagle_core.guidance.prompt import DEFECT_QUESTION, build_prompt
from eagle_core.mllm.parsing import defect_letter
from eagle_core.records import Question, QuestionType
from eagle_core.training.acuity import Seen
from eagle_core.training.alignment.answers import letter_probabilities, sentences
from eagle_core.training.instruction.asked import IMAGE, TRUE_FACTS, explanation_tokens
from eagle_core.training.instruction.calibration import reliability
from eagle_core.training.reading.knowledge import FACTUAL, drawn_knowledge
from eagle_core.training.reading.lines import lettered_line, prompt_pieces
from eagle_core.training.reading.pieces import Line, Piece
from eagle_core.training.reading.scenes_in_words import SceneInWords, exchanged_facts, sentences_of
from eagle_core.training.scenes.canvas import COLOR_WORDS
from eagle_core.training.scenes.categories import PRODUCT_NAMES
from eagle_core.training.scenes.defects import PART_DEFECTS
from eagle_core.training.shown import PLACEHOLDER, shown_with

REQUIRED_VERDICT = {"balanced_accuracy": 0.8, "auroc": 0.88}
REQUIRED_DEFECT_QUESTIONS = 0.6
"""Of right letters in each of the four questions about the defect; the names of families never seen cannot be known."""
REQUIRED_EXPLANATION = {"kind": 0.6, "place": 0.7}
FIELDS = ("says_defect", "severity", "kind", "place")
EXPLANATION_TOKENS = 32
NAMES = ("normal", "defective")
LETTERED = replace(DEFECT_QUESTION, correct_letter="A")
"""Any right letter: its probability is not asked for."""
STATED = in_form(LETTERED, "true_false", 0, "")
EXPERTS: dict[str, Callable[[bool], bool]] = {"right_prior": lambda defective: defective, "wrong_prior": lambda defective: not defective}
Ask = tuple[int, tuple[str, ...], Line]
"""Category, names of its images in the prompt's order, and the prompt with its right letter."""


@dataclass(frozen=True, slots=True)
class InstructionGate:
    """Figures on held-out categories."""

    verdict: dict[str, float]
    """Beside a template and without prior: balanced accuracy at P(defect) 0.5, AUROC, expected calibration error."""
    by_prompt: dict[str, float]
    """Balanced accuracy: query_only, template, right_prior, wrong_prior (with boxes where the expert says anomalous); beside the
    template also as a statement to judge (stated)."""
    letters: dict[QuestionType, float]
    """Share of right letters beside a template, in shuffled order; about the defect: of the defective images."""
    knowledge: dict[str, float]
    """Looks and effects that are another kind's here: right letters with knowledge, which tells of every option, and without it."""
    blind: dict[QuestionType, float]
    """The same of whoever sees nothing and takes the option that is right most often, over all that is asked here."""
    explanation: dict[str, float]
    """Fields that are right in greedy sentences, of the defective images; says_defect of all."""
    explanation_told: dict[str, float]
    """The same of defective images after the verdict that there is a defect, and its box."""
    template_gain: dict[str, float]
    """Beside a template less without it: balanced accuracy and AUROC of all, and AUROC of kinds that only a template reveals."""
    reliability: list[dict[str, float]]
    categories: int

    @property
    def passed(self) -> bool:
        """Whether this may ship."""
        questions = [right for kind, right in self.letters.items() if kind.startswith("defect_")]
        return (
            all(self.verdict[name] >= least for name, least in REQUIRED_VERDICT.items())
            and min(questions) >= REQUIRED_DEFECT_QUESTIONS
            and all(self.explanation[name] >= least for name, least in REQUIRED_EXPLANATION.items())
        )

    def described(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "verdict": self.verdict,
            "balanced_accuracy": self.by_prompt,
            "right_letters": self.letters,
            "right_letters_blind": self.blind,
            "knowledge": self.knowledge,
            "explanation": self.explanation,
            "explanation_told": self.explanation_told,
            "template_gain": self.template_gain,
            "reliability": self.reliability,
            "required": REQUIRED_VERDICT | {"defect_questions": REQUIRED_DEFECT_QUESTIONS} | REQUIRED_EXPLANATION,
            "passed": self.passed,
            "categories": self.categories,
        }


def instruction_gate(model: FastVlmForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, seen: Seen, seed: int) -> InstructionGate:
    """Ask ``model`` about what its tower has ``seen`` of held-out categories (boxed images too); ``seed`` shuffles the letters."""
    asking = _Asking(model, tokenizer, seen, seed)
    template, alone = asking.p_defect(template=True), asking.p_defect(template=False)
    is_defective = np.repeat([False, True], len(seen.scenes))
    by_prompt = {"query_only": _balanced(alone), "template": _balanced(template)}
    by_prompt |= {name: _balanced(asking.p_defect(template=True, verdict=says)) for name, says in EXPERTS.items()}
    by_prompt["stated"] = _balanced(asking.p_defect(template=True, question=STATED))
    # A surface that lacks a tile shows it by itself.
    revealed = np.array([s.defect is not None and s.defect.kind in PART_DEFECTS and s.family == "object" for _, s in seen.scenes])
    gain = {"balanced_accuracy": by_prompt["template"] - by_prompt["query_only"], "auroc": _auroc(*template) - _auroc(*alone)}
    if revealed.any():
        gain["auroc_only_compared"] = _auroc(template[0], template[1][revealed]) - _auroc(alone[0], alone[1][revealed])
    both = np.concatenate(template)
    verdict = {
        "balanced_accuracy": by_prompt["template"],
        "auroc": _auroc(*template),
        "calibration_error": calibration_error(both, is_defective),
    }
    letters, blind = asking.letters()
    return InstructionGate(
        verdict, by_prompt, letters, asking.knowledge(), blind, asking.explanation(), asking.explanation(told=True), gain,
        reliability(both, is_defective), len(seen.scenes),
    )  # fmt: skip


def p_defect(model: FastVlmForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, seen: Seen) -> tuple[np.ndarray, np.ndarray]:
    """P(defect) beside a template of all normal, then all defective images, and which they are; for calibration."""
    found = _Asking(model, tokenizer, seen, 0).p_defect(template=True)
    return np.concatenate(found), np.repeat([False, True], len(seen.scenes))


class _Asking:
    def __init__(self, model: FastVlmForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, seen: Seen, seed: int) -> None:
        self._model, self._tokenizer, self._seen, self._seed = model, tokenizer, seen, seed

    def p_defect(
        self, *, template: bool, verdict: Callable[[bool], bool] | None = None, question: Question = LETTERED
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of normal and of defective images; ``verdict`` is the expert's, given the truth."""
        defective = next(i for i, (letter, _) in enumerate(question.options) if letter == defect_letter(question))
        return tuple(  # type: ignore[return-value]
            self._probabilities([self._ask(c, odd, question, template=template, verdict=verdict(bool(odd)) if verdict else None) for c in self._all])
            [:, defective]
            for odd in (0, 1)
        )  # fmt: skip

    def letters(self) -> tuple[dict[QuestionType, float], dict[QuestionType, float]]:
        """As asked, and of whoever sees nothing."""
        asks: dict[QuestionType, list[Ask]] = {}
        questions: dict[QuestionType, list[Question]] = {}
        for category, odd, scene in self._shown():
            rng = np.random.default_rng([self._seed, category, 1 + odd])
            for question in questions_for(scene, PRODUCT_NAMES, tuple(COLOR_WORDS), rng, TRUE_FACTS):
                asks.setdefault(question.question_type, []).append(self._ask(category, odd, question))
                questions.setdefault(question.question_type, []).append(question)
        return {kind: self._right(about) for kind, about in asks.items()}, {kind: right_unseen(about) for kind, about in questions.items()}

    def knowledge(self) -> dict[str, float]:
        told: list[Ask] = []
        untold: list[Ask] = []
        for category, odd, scene in self._shown():
            if scene.defect is None:
                continue
            rng = np.random.default_rng([self._seed, category, 3])
            facts = exchanged_facts(rng)
            scene_told = SceneInWords(scene, sentences_of(scene, facts), facts, True)
            asked = questions_for(scene, PRODUCT_NAMES, tuple(COLOR_WORDS), rng, facts)
            for question in (q for q in asked if q.question_type in FACTUAL):
                told.append(self._ask(category, odd, question, knowledge=drawn_knowledge(scene_told, question, rng)))
                untold.append(self._ask(category, odd, question))
        return {"with": self._right(told), "without": self._right(untold)}

    def explanation(self, *, told: bool = False) -> dict[str, float]:
        hits: dict[str, list[bool]] = {field: [] for field in FIELDS}
        prompt = explanation_tokens(self._tokenizer, self._seen.grid**2, told=told)
        for odd, name in enumerate(NAMES):
            if told and not odd:
                continue
            _, images = shown_with(name, template=True, verdict=None, boxed=told)
            said = sentences(self._model, self._tokenizer, self._seen, prompt, images, tokens=EXPLANATION_TOKENS)
            for text, pair in zip(said, self._seen.scenes, strict=True):
                claimed, true = parse_explanation(text), parse_explanation(explanation_of(pair[odd]))
                for field in FIELDS if odd else FIELDS[:1]:
                    hits[field].append(getattr(claimed, field) == getattr(true, field))
        return {field: float(np.mean(right)) for field, right in hits.items()}

    @property
    def _all(self) -> range:
        return range(len(self._seen.scenes))

    def _shown(self) -> list[tuple[int, int, SceneRecord]]:
        return [(category, odd, self._seen.scenes[category][odd]) for category in self._all for odd in (0, 1)]

    def _ask(
        self, category: int, odd: int, question: Question, *, template: bool = True, verdict: bool | None = None,
        knowledge: Sequence[Piece] = (),
    ) -> Ask:
        cues, images = shown_with(NAMES[odd], template=template, verdict=verdict, boxed=bool(verdict))
        pieces = prompt_pieces(build_prompt(question, PLACEHOLDER, **cues), lambda _: IMAGE * self._seen.grid**2, knowledge)
        return category, images, lettered_line(pieces, question)

    def _right(self, asks: Sequence[Ask]) -> float:
        return float(np.mean(self._probabilities(asks).argmax(1) == [line.right for _, _, line in asks]))

    def _probabilities(self, asks: Sequence[Ask]) -> np.ndarray:
        # Prompts with as many images and words together need little padding.
        order = sorted(range(len(asks)), key=lambda i: (len(asks[i][1]), sum(len(piece.text) for piece in asks[i][2].pieces)))
        found = letter_probabilities(self._model, self._tokenizer, self._seen, [asks[i] for i in order])
        return found[np.argsort(order)]


def right_unseen(asked: Sequence[Question]) -> float:
    """Share of ``asked`` that are answered by the option that is the right one of most of them."""
    rights = [next(text for letter, text in question.options if letter == question.correct_letter) for question in asked]
    often = Counter(rights)
    taken = [max((text for _, text in question.options), key=lambda text: often[text]) for question in asked]
    return float(np.mean([text == right for text, right in zip(taken, rights, strict=True)]))


def _auroc(normal: np.ndarray, defective: np.ndarray) -> float:
    return float(roc_auc_score(np.repeat([False, True], [len(normal), len(defective)]), np.concatenate([normal, defective])))


def _balanced(probabilities: tuple[np.ndarray, np.ndarray]) -> float:
    normal, defective = probabilities
    return float(((normal < 0.5).mean() + (defective >= 0.5).mean()) / 2)
