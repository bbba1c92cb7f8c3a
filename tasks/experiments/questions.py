"""What an experiment on question types asked, and its figure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from eagle_core.data.question_types import TITLES
from eagle_core.experiments import question_count_plot
from eagle_core.experiments.tables import question_types
from tasks.machinery.inputs import category_of
from tasks.stages.questions import questions_of
from tasks.sweeps.results import SweepOutcome


def question_counts(sweep: SweepOutcome, folder: Path) -> pd.DataFrame:
    """Echo: Fig. 4. Questions of each type, with a figure for each dataset."""
    result = sweep.results[0]
    asked = [
        {"dataset": name.dataset, "question_type": question.question_type, "is_defective": sample.is_defective}
        for name in (category.name for category in result.categories)
        for sample in category_of(result.point.config, name.dataset, name.category).test
        for question in questions_of(result.point.config, name.dataset, name.category)[sample.image_id]
    ]
    table = question_types.question_counts(asked)
    for dataset, mine in table.groupby("dataset", sort=False):
        counts = {TITLES[row.question_type]: int(row.questions) for row in mine.itertuples()}
        question_count_plot.draw(counts, folder / f"questions-{dataset}.png", title=str(dataset))
    return table
