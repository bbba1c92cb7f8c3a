"""Echo, and Echo with EAGLE's prior, boxes and guided attention: one prompt from the modules a question needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eagle_core.config import EagleConfig, EchoModule
from eagle_core.echo.modules import (
    Contribution,
    DecisionMaker,
    Inquiry,
    KnowledgeGuide,
    Module,
    ReasoningExpert,
    ReferenceExtractor,
)
from eagle_core.errors import ConfigurationError
from eagle_core.guidance.overlay import draw_boxes
from eagle_core.guidance.prompt import ANOMALOUS_PRIOR, BOX_SENTENCE, NORMAL_PRIOR, system_text
from eagle_core.methods import eagle, expert
from eagle_core.methods.plan import Plan
from eagle_core.records import (
    AttentionGuidance,
    ExpertPrediction,
    Guidance,
    ImagePart,
    Prompt,
    Question,
    QuestionType,
    TextPart,
    Threshold,
)

Planner = Callable[[Question], QuestionType]


@dataclass(frozen=True, slots=True)
class Echo:
    """The modules, and how a question's type is found."""

    reference: ReferenceExtractor
    knowledge: KnowledgeGuide
    reasoning: ReasoningExpert
    decision: DecisionMaker
    planner: Planner

    def contributions(self, inquiry: Inquiry, config: EagleConfig) -> dict[EchoModule, Contribution]:
        """What each module says that ``config.echo.modules`` names for the question's type."""
        chosen = set(config.echo.modules[self.planner(inquiry.question)]) - set(config.echo.without)
        available: dict[EchoModule, Module] = {
            "reference": self.reference,
            "knowledge": self.knowledge,
            "reasoning": self.reasoning,
            "decision": self.decision,
        }
        return {name: module.contribute(inquiry) for name, module in available.items() if name in chosen}


def plan(
    echo: Echo,
    inquiry: Inquiry,
    config: EagleConfig,
    *,
    prediction: ExpertPrediction | None = None,
    threshold: Threshold | None = None,
    with_eagle: bool = False,
    is_defective: bool | None = None,
) -> Plan:
    """What Echo (``with_eagle``: with the expert's verdict, boxes and CAAS) asks about one image.

    Args:
        echo: The modules.
        inquiry: The question about the image.
        config: Its sections echo, and with EAGLE guidance, caas and expert.preprocessing, are read.
        prediction: The expert's reading; needed with EAGLE.
        threshold: Of the category; needed with EAGLE.
        with_eagle: Combine both methods.
        is_defective: The query's label; read only where ``guidance.prior`` is right or wrong.

    Raises:
        ConfigurationError: The combination needs an expert and none was given.
    """
    said = echo.contributions(inquiry, config)
    references = said.get("reference", Contribution())
    guidance, attention = None, AttentionGuidance()
    if with_eagle:
        if prediction is None or threshold is None:
            raise ConfigurationError("methods: eagle_echo needs the expert's prediction and a fitted threshold")
        guidance = expert.guide(prediction, threshold, config, is_defective=is_defective)
        attention = eagle.attention_for(guidance, config)
    boxed = guidance is not None and bool(guidance.boxes)
    parts = [
        *references.parts,
        TextPart("caption", "Query image:\n"),
        ImagePart("query", inquiry.query),
        *_expert_parts(inquiry, guidance, config),
        *(part for name, contribution in said.items() if name != "reference" for part in contribution.parts),
    ]
    shown = sum(isinstance(part, ImagePart) for part in references.parts)
    prompt = Prompt(system_text(shown, boxed, is_open=inquiry.question.is_open), tuple(parts), inquiry.question)
    return Plan(prompt, guidance, attention, references.reference_ids)


def _expert_parts(inquiry: Inquiry, guidance: Guidance | None, config: EagleConfig) -> list[ImagePart | TextPart]:
    """EAGLE's parts, as in its own prompt."""
    if guidance is None:
        return []
    parts: list[ImagePart | TextPart] = []
    if guidance.boxes:
        boxed = draw_boxes(inquiry.query, guidance.boxes, config.guidance.line_width)
        parts += [TextPart("caption", "Query image with red bounding boxes:\n"), ImagePart("boxed_query", boxed)]
    if config.guidance.textual_prior == "always":
        parts.append(TextPart("prior", ANOMALOUS_PRIOR if guidance.predicted_anomalous else NORMAL_PRIOR))
    if guidance.boxes:
        parts.append(TextPart("box_sentence", BOX_SENTENCE))
    return parts
