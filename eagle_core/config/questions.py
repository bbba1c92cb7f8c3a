"""What is asked about each image."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from eagle_core.config.echo import QuestionTypeName
from eagle_core.config.section import Positive, Section


class QuestionsConfig(Section):
    """MMAD's question types. The default, the yes/no question, is what EAGLE's paper asks."""

    types: tuple[QuestionTypeName, ...] = Field(default=("anomaly_detection",), min_length=1)
    file: Path | None = None
    """Questions in the form of MMAD's mmad.json, by DATASET/image_id or image_id; None: made from the generator's
    record of a generated image."""
    form: Literal["multiple_choice", "true_false", "open"] = "multiple_choice"
    """Echo: Fig. 5. true_false: a statement to judge, that there is no defect or that an option is right, which half of
    them are. open: no options are shown, the answer is generated and must repeat an option's text; else it is unparsed."""
    per_image: Positive | None = None
    """At most so many questions of each image, the first ones; None: all."""
