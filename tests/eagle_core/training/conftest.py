"""What the stages of the training are tested on."""

from __future__ import annotations

import pytest
from transformers import PreTrainedTokenizerFast

from eagle_core.training.images import TrainingImages, draw_images
from eagle_core.training.reading.pieces import Line
from eagle_core.training.tokenizer import build_tokenizer


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return build_tokenizer()


@pytest.fixture(scope="session")
def data() -> TrainingImages:
    return draw_images(11, 6)


def text_of(line: Line) -> str:
    return "".join(piece.text for piece in line.pieces)


def options_of(line: Line) -> list[str]:
    return [piece.text[4:] for piece in line.pieces if piece.role == "option"]
