"""What is asked about each image."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from eagle_core.config.echo import QuestionTypeName
from eagle_core.config.section import Section


class QuestionsConfig(Section):
    """MMAD's question types. The default, the yes/no question, is what EAGLE's paper asks."""

    types: tuple[QuestionTypeName, ...] = Field(default=("anomaly_detection",), min_length=1)
    file: Path | None = None
    """Questions in the form of MMAD's mmad.json, by DATASET/image_id or image_id; None: made from the generator's
    record of a generated image."""
    form: Literal["multiple_choice", "true_false"] = "multiple_choice"
    """true_false: each question of four options becomes one statement, half of them true (Echo: Fig. 5)."""
