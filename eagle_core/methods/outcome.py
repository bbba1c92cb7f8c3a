"""From what was asked and answered to one record. Knows nothing of files."""

from __future__ import annotations

import hashlib
from typing import Any

from eagle_core.attention.settings import AttentionSettings
from eagle_core.guidance.evidence import contradictions
from eagle_core.guidance.prompt import DEFECT_QUESTION
from eagle_core.methods.expert import verdict
from eagle_core.methods.plan import Plan
from eagle_core.mllm.parsing import defect_letter
from eagle_core.record_table import Record
from eagle_core.records import (
    NOT_JUDGED,
    Answer,
    AttentionGuidance,
    ExpertPrediction,
    Guidance,
    ImagePart,
    Method,
    Prompt,
    Question,
    Sample,
    Threshold,
)


def expert_record(
    *, sample: Sample, prediction: ExpertPrediction, threshold: Threshold, guidance: Guidance
) -> Record:
    """The expert's own answer to the yes/no question: anomalous where its score reaches tau."""
    return Record(
        **_subject(sample, DEFECT_QUESTION),
        **_expert_facts(prediction, threshold),
        method="expert",
        status="not_asked",
        gate_open=guidance.gate_open,
        boxes=guidance.boxes,
        verdict_defective=verdict(prediction, threshold),
    )


def record_of(
    *,
    sample: Sample,
    mllm: str,
    method: Method,
    threshold: Threshold,
    prediction: ExpertPrediction,
    plan: Plan,
    answer: Answer,
    attention: AttentionSettings | None = None,
    depth: int | None = None,
    explanation: str | None = None,
) -> Record:
    """One MLLM's answer. The expert's score and verdict are recorded for ``mllm`` too, which did not see them.

    Args:
        sample: What was asked about.
        mllm: Name in the configuration.
        method: Which.
        threshold: Of the sample's category.
        prediction: Of the sample.
        plan: What was asked.
        answer: What was answered.
        attention: How attention was guided where the plan asked for it.
        depth: Decoder layers of the MLLM.
        explanation: Its sentence about the image; what it claims against the evidence is recorded beside it.
    """
    question = plan.prompt.question
    mode: str | None = None
    layers: tuple[int, ...] = ()
    if attention is not None and depth is not None and plan.attention != AttentionGuidance():
        mode, layers = attention.mode, attention.layers_for(depth)
    return Record(
        **_subject(sample, question),
        **_expert_facts(prediction, threshold),
        mllm=mllm,
        method=method,
        gate_open=None if plan.guidance is None else plan.guidance.gate_open,
        boxes=() if plan.guidance is None else plan.guidance.boxes,
        template_ids=plan.template_ids,
        prompt_sha256=prompt_sha256(plan.prompt),
        alpha=plan.attention.alpha,
        beta=plan.attention.beta,
        attention_mode=mode,
        layers=layers,
        status=answer.status,
        answer_letter=answer.letter,
        p_defect=answer.p_defect,
        verdict_defective=verdict_of(answer, question),
        option_log_probabilities=answer.option_log_probabilities,
        answer_text=answer.text,
        explanation=explanation,
        contradictions=()
        if explanation is None
        else contradictions(
            explanation,
            verdict_defective=verdict_of(answer, question),
            score=prediction.score,
            tau=threshold.tau,
            boxes=() if plan.guidance is None else plan.guidance.boxes,
            image_size=prediction.image_size,
        ),
        error=answer.error,
    )


def failed_record(
    *,
    sample: Sample,
    mllm: str,
    method: Method,
    threshold: Threshold,
    error: str,
    question: Question = DEFECT_QUESTION,
) -> Record:
    """An image that could not be asked about, such as a damaged file: no verdict, counted, never dropped."""
    return Record(
        **_subject(sample, question),
        mllm=mllm,
        method=method,
        tau=threshold.tau,
        s_max=threshold.s_max,
        threshold_method=threshold.method,
        status="not_judged" if error.startswith(NOT_JUDGED) else "failed",
        error=error,
    )


def _subject(sample: Sample, question: Question) -> dict[str, Any]:
    """The columns that say what was asked about."""
    return {
        "dataset": sample.dataset,
        "category": sample.category,
        "image_id": sample.image_id,
        "split": sample.split,
        "is_defective": sample.is_defective,
        "defect_kind": sample.defect_kind,
        "question_id": question.question_id,
        "question_type": question.question_type,
        "correct_letter": correct_letter(question, sample.is_defective),
    }


def _expert_facts(prediction: ExpertPrediction, threshold: Threshold) -> dict[str, Any]:
    return {
        "expert_score": prediction.score,
        "tau": threshold.tau,
        "s_max": threshold.s_max,
        "threshold_method": threshold.method,
        "expert_verdict": verdict(prediction, threshold),
    }


def verdict_of(answer: Answer, question: Question) -> bool | None:
    """Defective where P(defect) >= 0.5; without probabilities, where the letter says so; None without a verdict."""
    defective = defect_letter(question)
    if defective is None or answer.status != "answered":
        return None
    if answer.p_defect is not None:
        return answer.p_defect >= 0.5
    return None if answer.letter is None else answer.letter == defective


def correct_letter(question: Question, is_defective: bool | None) -> str | None:
    """The question's own, or for a yes/no question the letter that states the label; None where unknown."""
    defective = defect_letter(question)
    if question.correct_letter is not None or defective is None or is_defective is None:
        return question.correct_letter
    return next(letter for letter, _ in question.options if (letter == defective) == is_defective)


def prompt_sha256(prompt: Prompt) -> str:
    """Hash of the prompt's text and of the pixels of its images, in order."""
    digest = hashlib.sha256(prompt.text.encode())
    for part in prompt.parts:
        if isinstance(part, ImagePart):
            digest.update(f"\n{part.role} {part.image.mode} {part.image.size}\n".encode())
            digest.update(part.image.tobytes())
    return digest.hexdigest()
