"""Decision Planning by an MLLM: it is asked which type a question is of."""

from __future__ import annotations

from PIL import Image

from eagle_core.errors import DataError
from eagle_core.mllm.protocol import ChatModel
from eagle_core.records import ImagePart, Prompt, Question, QuestionType, TextPart

TYPES: tuple[tuple[QuestionType, str], ...] = (
    ("anomaly_detection", "whether there is a defect"),
    ("defect_classification", "which type of defect it is"),
    ("defect_localization", "where the defect is"),
    ("defect_description", "what the defect looks like"),
    ("defect_analysis", "what a defect causes or what caused it"),
    ("object_classification", "what the object is"),
    ("object_analysis", "something else about the object"),
)
LETTERS = "ABCDEFG"
SYSTEM = "You sort questions about images of industrial products by what they ask for."
BLANK = Image.new("RGB", (224, 224), (128, 128, 128))
"""The models take prompts with an image only; the type of a question depends on its words alone."""


class MllmPlanner:
    """Question to type, each wording asked once."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self._known: dict[str, QuestionType] = {}

    def __call__(self, question: Question) -> QuestionType:
        """The type that the model names.

        Raises:
            DataError: Its answer names no type.
        """
        if question.text not in self._known:
            self._known[question.text] = self._asked(question.text)
        return self._known[question.text]

    def _asked(self, text: str) -> QuestionType:
        options = tuple((letter, meaning) for letter, (_, meaning) in zip(LETTERS, TYPES, strict=True))
        asked = Question("question_type", "object_analysis", f'What is asked for by "{text}"?', options)
        listed = "\n".join(f"{letter}. {meaning}" for letter, meaning in options)
        parts = (
            ImagePart("query", BLANK),
            TextPart("question", f"{asked.text}\n{listed}\nAnswer with the option's letter only."),
        )
        [answer] = self._model.answer([Prompt(SYSTEM, parts, asked)])
        if answer.letter is None:
            raise DataError(f"echo.planning: mllm: the answer {answer.text!r} names no type for the question {text!r}")
        return TYPES[LETTERS.index(answer.letter)][0]
