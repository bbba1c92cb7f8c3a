"""The prompt of one question (paper: appendix 6.3; MMAD's template sentence for the shots).

The appendix's captions "Normal Prompt" and "Abnormal Prompt" are swapped there; here the anomalous text
carries the box sentence. Differs: the system text names only the images that are really shown, and
without a box there is no box sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from eagle_core.records import ImagePart, Prompt, Question, TextPart

ANOMALOUS_PRIOR = "The query image is predicted as anomalous. "
NORMAL_PRIOR = "The query image is predicted as normal. "
BOX_SENTENCE = "The position of the red bounding box on the query image is the predicted defect location. "
INSTRUCTION = "Answer with the option's letter from the given choices directly! "
OPEN_INSTRUCTION = "Answer in a few words. "
CHOICE_FORM = (
    "The question is multiple-choice. Respond only with the letter of the correct option "
    "(e.g., A, B, C, or D). Do not include explanations or extra text."
)
OPEN_FORM = "The question is open. Respond only with the answer. Do not include explanations or extra text."
DEFECT_QUESTION = Question(
    question_id="defect",
    question_type="anomaly_detection",
    text="Is there any defect in the object?",
    options=(("A", "Yes."), ("B", "No.")),
)


def system_text(templates: int, boxed: bool, *, is_open: bool = False) -> str:
    """The system instruction for the images that are shown, and for a question with or without options."""
    shown = ["a template image"] if templates == 1 else [f"{templates} template images"] if templates else []
    shown.append("a query image")
    if boxed:
        shown.append("a query image with red bounding boxes")
    images = ", ".join(shown[:-1]) + (", and " if len(shown) > 2 else " and ") + shown[-1] if len(shown) > 1 else shown[0]
    received = "multiple images simultaneously, including" if len(shown) > 1 else "one image,"
    return (
        f"You are my industrial image inspection assistant. You will receive {received} {images}. "
        "Based on the input images and the accompanying textual information, answer the given question. "
        + (OPEN_FORM if is_open else CHOICE_FORM)
    )


def template_caption(templates: int) -> str:
    """MMAD's sentence: how many normal samples precede, and that they may be compared with."""
    noun = "image of a normal sample" if templates == 1 else "images of normal samples"
    return f"Following is {templates} {noun}, which can be used as a template to compare the image being queried.\n"


def question_text(question: Question) -> str:
    """The question, then its options on one line: ``Is there any defect in the object? A. Yes. B. No.``

    An open question stands alone.
    """
    if question.is_open:
        return question.text
    return " ".join([question.text, *(f"{letter}. {text}" for letter, text in question.options)])


def instruction(question: Question) -> str:
    """How ``question`` is to be answered."""
    return OPEN_INSTRUCTION if question.is_open else INSTRUCTION


def build_prompt(
    question: Question,
    query: Image.Image,
    *,
    templates: Sequence[Image.Image] = (),
    predicted_anomalous: bool | None = None,
    boxed_query: Image.Image | None = None,
) -> Prompt:
    """Assemble one prompt.

    Args:
        question: What is asked.
        query: The image asked about, RGB.
        templates: Normal images to compare with (1-shot+: one).
        predicted_anomalous: The expert's verdict for the prior sentence; None: no prior sentence.
        boxed_query: The query with red boxes; None: no boxed image and no box sentence.
    """
    parts: list[ImagePart | TextPart] = []
    if templates:
        parts.append(TextPart("caption", template_caption(len(templates))))
        parts += [ImagePart("template", image) for image in templates]
    parts.append(TextPart("caption", "Query image:\n"))
    parts.append(ImagePart("query", query))
    if boxed_query is not None:
        parts.append(TextPart("caption", "Query image with red bounding boxes:\n"))
        parts.append(ImagePart("boxed_query", boxed_query))
    if predicted_anomalous is not None:
        parts.append(TextPart("prior", ANOMALOUS_PRIOR if predicted_anomalous else NORMAL_PRIOR))
    if boxed_query is not None:
        parts.append(TextPart("box_sentence", BOX_SENTENCE))
    parts.append(TextPart("instruction", instruction(question)))
    parts.append(TextPart("question", question_text(question)))
    system = system_text(len(templates), boxed_query is not None, is_open=question.is_open)
    return Prompt(system=system, parts=tuple(parts), question=question)
