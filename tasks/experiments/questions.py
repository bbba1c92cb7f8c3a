"""Tables of an experiment on question types: what was asked, what came back, what guessing gives, what was new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from scipy.stats import binomtest

from eagle_core.experiments import question_count_plot
from eagle_core.mllm.model_files import EMBEDDED
from eagle_core.mmad.question_types import TITLES
from eagle_core.mmad.scoring import AVERAGE
from eagle_core.mmad.summary import CHANCE
from eagle_core.record_table import NO_MLLM
from eagle_core.training.scenes.defects import TRAINING_KINDS
from tasks.graph.values import records_of
from tasks.machinery.inputs import category_of
from tasks.stages.questions import questions_of
from tasks.sweeps.results import PointResult, SweepOutcome

CONFIDENCE = 0.95


def random_chance(sweep: SweepOutcome) -> pd.DataFrame:
    """What a guesser gets right, by question type: one over the number of options. None known: text was generated."""
    table = sweep.table
    columns = [CHANCE + kind for kind in (*TITLES, AVERAGE) if CHANCE + kind in table.columns]
    guessed = table.groupby(["point", "dataset"], sort=False)[columns].first().reset_index()
    return guessed.rename(columns={name: name.removeprefix(CHANCE) for name in columns})


def question_counts(sweep: SweepOutcome, folder: Path) -> pd.DataFrame:
    """Echo: Fig. 4. Questions of each type, with a figure for each dataset."""
    result = sweep.results[0]
    asked = [
        {"dataset": name.dataset, "question_type": question.question_type, "is_defective": sample.is_defective}
        for name in (category.name for category in result.categories)
        for sample in category_of(result.point.config, name.dataset, name.category).test
        for question in questions_of(result.point.config, name.dataset, name.category)[sample.image_id]
    ]
    rows = []
    for (dataset, kind), mine in pd.DataFrame(asked).groupby(["dataset", "question_type"], sort=False):
        labels = mine["is_defective"]
        rows.append(
            {
                "dataset": dataset,
                "question_type": kind,
                "questions": len(mine),
                "about_normal_images": int(labels.eq(other=False).sum()),
                "about_defective_images": int(labels.eq(other=True).sum()),
            }
        )
    table = pd.DataFrame(rows)
    for dataset, mine in table.groupby("dataset", sort=False):
        counts = {TITLES[row.question_type]: int(row.questions) for row in mine.itertuples()}
        question_count_plot.draw(counts, folder / f"questions-{dataset}.png", title=str(dataset))
    return table


def answer_counts(sweep: SweepOutcome) -> pd.DataFrame:
    """How many answers named an option, and how many of those were right: open answers often name none."""
    rows = []
    for result, subject, records in _answered(sweep):
        for kind, mine in records.groupby("question_type", sort=False):
            statuses = mine["status"].value_counts()
            right = int((mine["answer_letter"] == mine["correct_letter"]).fillna(value=False).sum())
            rows.append(
                {
                    "point": result.point.label,
                    **subject,
                    "question_type": kind,
                    "asked": len(mine),
                    **{status: int(statuses.get(status, 0)) for status in ("answered", "unparsed", "failed")},
                    "right": right,
                }
            )
    return pd.DataFrame(rows)


def accuracy_by_novelty(sweep: SweepOutcome) -> pd.DataFrame:
    """Accuracy about defective images by whether training had their kind of defect; interval: Wilson, 95 %.

    Known for the embedded models on generated data, where a kind is the generator's; ``not known`` for others.
    """
    known = {kind.replace(" ", "_") for kind in TRAINING_KINDS}
    rows = []
    for result, subject, records in _answered(sweep):
        embedded = result.point.config.mllms[subject["mllm"]].model in EMBEDDED
        defective = records[records["is_defective"].fillna(value=False).astype(bool)]
        novelty = defective["defect_kind"].map(lambda kind: "seen" if kind in known else "unseen") if embedded else "not known"
        for (kind, defects), mine in defective.assign(defects=novelty).groupby(["question_type", "defects"], sort=False):
            right = int((mine["answer_letter"] == mine["correct_letter"]).fillna(value=False).sum())
            interval = binomtest(right, len(mine)).proportion_ci(CONFIDENCE, method="wilson")
            rows.append(
                {
                    "point": result.point.label,
                    **subject,
                    "question_type": kind,
                    "defects": defects,
                    "kinds": ", ".join(sorted(mine["defect_kind"].dropna().unique())),
                    "questions": len(mine),
                    "right": right / len(mine),
                    "low": float(interval.low),
                    "high": float(interval.high),
                }
            )
    return pd.DataFrame(rows)


def _answered(sweep: SweepOutcome) -> Iterator[tuple[PointResult, dict[str, str], pd.DataFrame]]:
    """Records with a known right letter of every MLLM and method, point by point."""
    for result in sweep.results:
        for subject, entries in result.groups.items():
            if subject.mllm != NO_MLLM:
                records = records_of(entries)
                yield result, subject._asdict(), records[records["correct_letter"].notna()]
