"""Context-specific knowledge written by a chat model (Echo: section 3.2; GPT-4o there)."""

from __future__ import annotations

from PIL import Image

from eagle_core.echo.knowledge import Knowledge
from eagle_core.errors import ModelError
from eagle_core.mllm.protocol import ChatModel
from eagle_core.records import ImagePart, Prompt, Question, QuestionType, TextPart

FOCUS: dict[QuestionType, str] = {
    "anomaly_detection": "whether there is a defect",
    "defect_classification": "the type of a defect",
    "defect_localization": "where a defect lies",
    "defect_description": "the appearance of a defect",
    "defect_analysis": "the effect of a defect",
    "object_classification": "what the object is",
    "object_analysis": "the properties of the object",
}
SYSTEM = "You prepare knowledge for an industrial inspector. Keep only what helps to answer the question; add nothing."
MAX_NEW_TOKENS = 256


def condensed_by(model: ChatModel, knowledge: Knowledge, question_type: QuestionType, normal: Image.Image) -> str:
    """What ``model`` keeps of ``knowledge`` for questions of a type.

    Args:
        model: Any chat model.
        knowledge: Of the product.
        question_type: What the questions are about.
        normal: A normal image of the product, shown beside the text.

    Raises:
        ModelError: The model wrote nothing.
    """
    request = f"Shorten this for a question about {FOCUS[question_type]}:\n{knowledge.whole()}\n"
    prompt = Prompt(
        SYSTEM,
        (ImagePart("query", normal), TextPart("question", request)),
        Question(f"condense_{question_type}", question_type, request, ()),
    )
    [text] = model.generate([prompt], max_new_tokens=MAX_NEW_TOKENS)
    if not text.strip():
        raise ModelError(
            f"echo.condenser: {model.name} wrote nothing about {knowledge.product}; use another or echo.condenser: rule_based"
        )
    return text.strip()
