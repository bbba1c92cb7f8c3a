"""From a model's output to an ``Answer``. Nothing non-finite leaves this module as a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from eagle_core.mllm.parsing import defect_letter, letter_by_paper_rule, parse_letter, parse_open
from eagle_core.records import Answer, Question

AnswerRule = Literal["logits", "generate", "paper", "open"]


def rule_for(configured: AnswerRule, question: Question) -> AnswerRule:
    """How an answer is read: an open question has no letters to choose from, whatever is configured."""
    return "open" if question.is_open else configured


def answer_from_logits(logits: Mapping[str, float], question: Question) -> Answer:
    """The answer that the option letters' logits at the first answer position give.

    Probabilities are a softmax over the options only. The verdict is the most probable option, which for two
    options is P(defect) at 0.5; ties go to the lowest letter.
    """
    wrong = [letter for letter, value in logits.items() if not math.isfinite(value)]
    if wrong:
        return Answer("failed", None, None, error=f"the model's logits of options {', '.join(wrong)} are not finite")
    import torch  # whoever has logits has it; how an answer is read is told without

    letters = sorted(logits)
    values = torch.tensor([logits[letter] for letter in letters], dtype=torch.float64)
    probabilities = dict(zip(letters, values.log_softmax(dim=0).tolist(), strict=True))
    best = max(letters, key=lambda letter: logits[letter])
    defective = defect_letter(question)
    return Answer(
        status="answered",
        letter=best,
        p_defect=None if defective is None else math.exp(probabilities[defective]),
        option_log_probabilities=tuple(probabilities.items()),
    )


def answer_from_text(text: str, question: Question, rule: AnswerRule) -> Answer:
    """The answer that generated text gives: the letter it names, the paper's keyword rule, or an open answer's option.

    No probability: text carries none.
    """
    if rule == "open":
        letter = parse_open(text, question)
    else:
        letter = letter_by_paper_rule(text, question) if rule == "paper" else parse_letter(text, question.options)
    return Answer("answered" if letter else "unparsed", letter, None, text=text)
