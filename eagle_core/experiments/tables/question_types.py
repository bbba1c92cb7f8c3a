"""Tables of an experiment on question types: what was asked, what came back, what guessing gives, what was new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from scipy.stats import binomtest

from eagle_core.data.question_types import TITLES
from eagle_core.experiments.tables.answered import Answered, asked
from eagle_core.mllm.model_files import EMBEDDED
from eagle_core.mmad.scoring import AVERAGE
from eagle_core.mmad.summary import CHANCE
from eagle_core.training.scenes.defects import TRAINING_KINDS

CONFIDENCE = 0.95


def random_chance(table: pd.DataFrame) -> pd.DataFrame:
    """What a guesser gets right, by question type: one over the number of options. None known: text was generated.

    Args:
        table: Of all points, as a sweep writes it.
    """
    columns = [CHANCE + kind for kind in (*TITLES, AVERAGE) if CHANCE + kind in table.columns]
    guessed = table.groupby(["point", "dataset"], sort=False)[columns].first().reset_index()
    return guessed.rename(columns={name: name.removeprefix(CHANCE) for name in columns})


def question_counts(asked_questions: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Echo: Fig. 4. Questions of each type, from one row a question: dataset, question_type, is_defective."""
    rows = []
    for (dataset, kind), mine in pd.DataFrame(asked_questions).groupby(["dataset", "question_type"], sort=False):
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
    return pd.DataFrame(rows)


def answer_counts(groups: Sequence[Answered]) -> pd.DataFrame:
    """How many answers named an option, and how many of those were right: open answers often name none."""
    rows = []
    for group, records in asked(groups):
        for kind, mine in records.groupby("question_type", sort=False):
            statuses = mine["status"].value_counts()
            right = int((mine["answer_letter"] == mine["correct_letter"]).fillna(value=False).sum())
            rows.append(
                {
                    **group.subject,
                    "question_type": kind,
                    "asked": len(mine),
                    **{status: int(statuses.get(status, 0)) for status in ("answered", "unparsed", "failed")},
                    "right": right,
                }
            )
    return pd.DataFrame(rows)


def accuracy_by_novelty(groups: Sequence[Answered]) -> pd.DataFrame:
    """Accuracy about defective images by whether training had their kind of defect; interval: Wilson, 95 %.

    Known for the embedded models on generated data, where a kind is the generator's; ``not known`` for others.
    """
    known = {kind.replace(" ", "_") for kind in TRAINING_KINDS}
    rows = []
    for group, records in asked(groups):
        embedded = group.config.mllms[group.mllm].model in EMBEDDED
        defective = records[records["is_defective"].fillna(value=False).astype(bool)]
        novelty = defective["defect_kind"].map(lambda kind: "seen" if kind in known else "unseen") if embedded else "not known"
        for (kind, defects), mine in defective.assign(defects=novelty).groupby(["question_type", "defects"], sort=False):
            right = int((mine["answer_letter"] == mine["correct_letter"]).fillna(value=False).sum())
            interval = binomtest(right, len(mine)).proportion_ci(CONFIDENCE, method="wilson")
            rows.append(
                {
                    **group.subject,
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
