"""From what was asked and answered to one record. Knows nothing of files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from eagle_core.guidance.prompt import DEFECT_QUESTION
from eagle_core.methods.expert import verdict
from eagle_core.methods.plan import Plan
from eagle_core.record_table import Record
from eagle_core.records import (
    Answer,
    ExpertPrediction,
    Guidance,
    ImagePart,
    Method,
    Prompt,
    Question,
    Sample,
    Threshold,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked, and how, beyond what the plan says."""

    method: Method
    mllm: str
    template_ids: tuple[str, ...] = ()
    attention_mode: str | None = None
    layers: tuple[int, ...] = ()
    """Decoder layers in which attention is guided where the plan asks for it."""


def expert_record(
    run_id: str, sample: Sample, prediction: ExpertPrediction, threshold: Threshold, guidance: Guidance
) -> Record:
    """The expert's own answer to the yes/no question: anomalous where its score reaches tau."""
    return Record(
        run_id=run_id,
        dataset=sample.dataset,
        category=sample.category,
        image_id=sample.image_id,
        split=sample.split,
        is_defective=sample.is_defective,
        defect_kind=sample.defect_kind,
        question_id=DEFECT_QUESTION.question_id,
        question_type=DEFECT_QUESTION.question_type,
        method="expert",
        status="not_asked",
        expert_score=prediction.score,
        tau=threshold.tau,
        s_max=threshold.s_max,
        threshold_method=threshold.method,
        expert_verdict=verdict(prediction, threshold),
        gate_open=guidance.gate_open,
        boxes=guidance.boxes,
        verdict_defective=verdict(prediction, threshold),
    )


def answer_record(
    run_id: str,
    sample: Sample,
    asked: Asked,
    plan: Plan,
    answer: Answer,
    *,
    prediction: ExpertPrediction | None = None,
    threshold: Threshold | None = None,
    explanation: str | None = None,
    contradictions: tuple[str, ...] = (),
) -> Record:
    """One MLLM's answer. Prediction and threshold are recorded where they are known, also for ``mllm``,
    which did not see them."""
    question = plan.prompt.question
    guided = plan.attention.alpha != 0 or plan.attention.beta != 0
    known = prediction is not None and threshold is not None
    return Record(
        run_id=run_id,
        dataset=sample.dataset,
        category=sample.category,
        image_id=sample.image_id,
        split=sample.split,
        is_defective=sample.is_defective,
        defect_kind=sample.defect_kind,
        question_id=question.question_id,
        question_type=question.question_type,
        mllm=asked.mllm,
        method=asked.method,
        expert_score=None if prediction is None else prediction.score,
        tau=None if threshold is None else threshold.tau,
        s_max=None if threshold is None else threshold.s_max,
        threshold_method=None if threshold is None else threshold.method,
        expert_verdict=verdict(prediction, threshold) if known else None,  # type: ignore[arg-type]
        gate_open=None if plan.guidance is None else plan.guidance.gate_open,
        boxes=() if plan.guidance is None else plan.guidance.boxes,
        template_ids=asked.template_ids,
        prompt_sha256=prompt_sha256(plan.prompt),
        alpha=plan.attention.alpha,
        beta=plan.attention.beta,
        attention_mode=asked.attention_mode if guided else None,
        layers=asked.layers if guided else (),
        status=answer.status,
        answer_letter=answer.letter,
        correct_letter=correct_letter(question, sample.is_defective),
        p_defect=answer.p_defect,
        verdict_defective=verdict_of(answer, question),
        option_log_probabilities=answer.option_log_probabilities,
        answer_text=answer.text,
        explanation=explanation,
        contradictions=contradictions,
        error=answer.error,
    )


def says_defect(option_text: str) -> bool | None:
    """True for the option ``Yes``, False for ``No``, None for any other: letters differ between questions."""
    word = option_text.strip().rstrip(".").strip().lower()
    return {"yes": True, "no": False}.get(word)


def verdict_of(answer: Answer, question: Question) -> bool | None:
    """Defective where P(defect) >= 0.5; without probabilities, what the chosen letter stands for; else None."""
    if question.question_type != "anomaly_detection" or answer.status != "answered":
        return None
    if answer.p_defect is not None:
        return answer.p_defect >= 0.5
    chosen = [says_defect(text) for letter, text in question.options if letter == answer.letter]
    return chosen[0] if chosen else None


def correct_letter(question: Question, is_defective: bool | None) -> str | None:
    """The question's own, or for a yes/no question the letter that states the label; None where unknown."""
    if question.correct_letter is not None or question.question_type != "anomaly_detection" or is_defective is None:
        return question.correct_letter
    right = [letter for letter, text in question.options if says_defect(text) is is_defective]
    return right[0] if right else None


def prompt_sha256(prompt: Prompt) -> str:
    """Hash of the prompt's text and of the pixels of its images, in order."""
    digest = hashlib.sha256(prompt.text.encode())
    for part in prompt.parts:
        if isinstance(part, ImagePart):
            digest.update(f"\n{part.role} {part.image.mode} {part.image.size}\n".encode())
            digest.update(part.image.tobytes())
    return digest.hexdigest()
