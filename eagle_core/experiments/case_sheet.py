"""One question as it was asked and answered: what was shown, what was known, the exact prompt (Echo: Figs. 7 to 11)."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from eagle_core.records import Question
from eagle_core.report import style

WRAP = 96
LINE_INCHES = 0.19
IMAGE_INCHES = 2.6


@dataclass(frozen=True, slots=True)
class GivenLetter:
    """One method's answer."""

    method: str
    letter: str | None
    """None: it named no option."""
    probability: float | None
    """Of that option among the options; None: text was generated."""
    was_right: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One question about one image."""

    title: str
    """Type of the question."""
    image_id: str
    question: Question
    right_letter: str
    images: tuple[tuple[str, Image.Image], ...]
    """(what it is, RGB), in the order in which they were shown."""
    knowledge: str
    """Empty: none was given."""
    prompt: str
    """All of its text, ``<role>`` where an image stood."""
    answers: tuple[GivenLetter, ...]


def draw(case: Case, path: Path) -> None:
    """Write a PNG: the images, then question, options, knowledge and answers."""
    lines = _lines(case)
    text_inches = LINE_INCHES * (len(lines) + 1)
    width = max(7.5, (IMAGE_INCHES + 0.2) * len(case.images))
    figure = Figure(figsize=(width, IMAGE_INCHES + 0.7 + text_inches))
    height = figure.get_figheight()
    for number, (name, image) in enumerate(case.images):
        left = (0.2 + number * (IMAGE_INCHES + 0.2)) / width
        axis = figure.add_axes((left, (text_inches + 0.1) / height, IMAGE_INCHES / width, IMAGE_INCHES / height))
        axis.imshow(image)
        axis.set_title(name, fontsize=8)
        axis.set_axis_off()
    figure.text(0.2 / width, 1 - 0.2 / height, f"{case.title}: {case.image_id}", fontsize=10, va="top", weight="bold")
    for number, (line, color) in enumerate(lines):
        figure.text(0.2 / width, (text_inches - 0.1 - number * LINE_INCHES) / height, line, fontsize=8, va="top", color=color)
    style.save(figure, path)


def as_markdown(case: Case, picture: str) -> str:
    """The case in words, the exact prompt included.

    Args:
        case: What happened.
        picture: Address of its PNG.
    """
    options = [f"- {'**' if letter == case.right_letter else ''}{letter}. {text}{' (right)**' if letter == case.right_letter else ''}" for letter, text in case.question.options]
    shown = [f"{number}. {name}" for number, (name, _) in enumerate(case.images, 1)]
    parts = [
        f"## {case.title}", f"`{case.image_id}`", f"![{case.title}]({picture})", "Shown, in this order:", "\n".join(shown),
        f"Asked: {case.question.text}", "\n".join(options),
        f"Knowledge: {' '.join(case.knowledge.split()) or 'none'}", "Prompt:", f"```text\n{case.prompt}\n```",
        "\n".join(f"- {_answer(given)}" for given in case.answers),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _lines(case: Case) -> Sequence[tuple[str, str]]:
    """Wrapped lines of text with their colours."""
    lines = [(line, style.INK) for line in textwrap.wrap(case.question.text, WRAP)]
    lines += [
        (f"{letter}. {text}{'   (right)' if letter == case.right_letter else ''}", style.INK) for letter, text in case.question.options
    ]
    for given in case.answers:
        lines.append((_answer(given), style.RIGHT if given.was_right else style.WRONG))
    known = f"knowledge: {' '.join(case.knowledge.split()) or 'none'}"
    return lines + [(line, style.FAINT) for line in textwrap.wrap(known, WRAP)]


def _answer(given: GivenLetter) -> str:
    said = "no option" if given.letter is None else given.letter
    likely = "" if given.probability is None else f", probability {given.probability:.2f}"
    return f"{given.method}: {said}{likely} ({'right' if given.was_right else 'wrong'})"
