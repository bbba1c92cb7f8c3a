"""EAGLE: the MLLM with the expert's textual prior, boxes and, where the expert is unsure, guided attention.

Paper: sections 3.2.3 and 3.3.3. The rows of Table 3 are settings of ``config.guidance``: visual only is
``textual_prior: never, visual_prompt: always``; textual only is ``always, never``; both is ``always, anomalous``.
Those of Table 4 are alpha and beta of ``config.caas``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PIL import Image

from eagle_core.config import EagleConfig
from eagle_core.errors import ConfigurationError, DataError
from eagle_core.guidance.overlay import draw_boxes
from eagle_core.guidance.prompt import DEFECT_QUESTION, build_prompt
from eagle_core.methods import expert, mllm
from eagle_core.methods.plan import Plan
from eagle_core.records import AttentionGuidance, ExpertPrediction, Guidance, Question, Threshold

AskingMethod = Literal["mllm", "eagle_no_caas", "eagle"]


def plan(
    method: AskingMethod,
    query: Image.Image,
    templates: Sequence[Image.Image],
    prediction: ExpertPrediction | None,
    threshold: Threshold | None,
    config: EagleConfig,
    *,
    template_ids: Sequence[str] = (),
    question: Question = DEFECT_QUESTION,
    is_defective: bool | None = None,
) -> Plan:
    """What ``method`` asks about one image.

    Args:
        method: ``mllm`` ignores prediction and threshold.
        query: RGB, of ``prediction.image_size``.
        templates: Normal images, most similar first.
        prediction: The expert's reading of ``query``.
        threshold: Of the query's category.
        config: Its sections guidance, caas and expert.preprocessing are read.
        template_ids: Ids of ``templates``, for the record.
        question: What is asked.
        is_defective: The query's label; read only where ``guidance.prior`` is right or wrong.

    Raises:
        ConfigurationError: The method needs an expert and none was given.
        DataError: The prediction does not belong to an image of this size, or is not finite; or a label is needed
            and unknown.
    """
    if method == "mllm":
        return mllm.plan(query, templates, template_ids=template_ids, question=question)
    if prediction is None or threshold is None:
        raise ConfigurationError(f"methods: {method} needs the expert's prediction and a fitted threshold")
    if prediction.image_size != query.size:
        raise DataError(
            f"{prediction.image_id}: the prediction is of a {prediction.image_size} image, the query is {query.size}; "
            "predict and ask on the same file"
        )
    guidance = expert.guide(prediction, threshold, config, is_defective=is_defective)
    says_verdict = config.guidance.textual_prior == "always"
    prompt = build_prompt(
        question,
        query,
        templates=templates,
        predicted_anomalous=guidance.predicted_anomalous if says_verdict else None,
        boxed_query=draw_boxes(query, guidance.boxes, config.guidance.line_width) if guidance.boxes else None,
    )
    attention = attention_for(guidance, config) if method == "eagle" else AttentionGuidance()
    return Plan(prompt, guidance, attention, tuple(template_ids))


def attention_for(guidance: Guidance, config: EagleConfig) -> AttentionGuidance:
    """Eq. 9's condition: guided only where the gate is open; beta has no effect without a prior sentence."""
    if not guidance.gate_open:
        return AttentionGuidance()
    says_verdict = config.guidance.textual_prior == "always"
    return AttentionGuidance(alpha=config.caas.alpha, beta=config.caas.beta if says_verdict else 0.0)
