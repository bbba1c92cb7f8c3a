"""Accuracy by question type as rows of the summary that every method shares."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eagle_core.evaluation.summary import POOLED, SummaryRow, summary_frame
from eagle_core.mmad.answers_file import GivenAnswer
from eagle_core.mmad.scoring import AVERAGE, score
from eagle_core.record_table import NO_MLLM

METRIC = "question_accuracy_"
CHANCE = "question_chance_"


def question_rows(records: pd.DataFrame, *, samples: int, confidence: float, seed: int) -> pd.DataFrame:
    """Rows of ``SUMMARY_SCHEMA`` in scope ``pooled``; none where only the yes/no question was asked.

    ``question_accuracy_<type>`` and ``question_accuracy_average`` by MMAD's definition: anomaly detection is the mean
    of the accuracies on normal and on defective images. ``question_chance_<type>``: one over the number of options,
    where the answers were read from the options' probabilities; ``question_chance_average``: the mean over these types.
    """
    judged = records[records["status"] != "not_judged"]
    known = judged[judged["correct_letter"].notna() & judged["is_defective"].notna() & (judged["mllm"] != NO_MLLM)]
    rows: list[SummaryRow] = []
    for key, part in known.groupby(["dataset", "mllm", "method"], sort=False):
        if set(part["question_type"]) <= {"anomaly_detection"}:
            continue
        dataset, mllm, method = (str(name) for name in key)
        categories = int(part["category"].nunique())
        scores = score(_given(part), samples=samples, confidence=confidence, seed=seed).rows[dataset]
        kinds = part["question_type"].value_counts().to_dict()
        lost = part[part["answer_letter"].isna()]["question_type"].value_counts().to_dict()
        for kind, found in scores.items():
            count = len(part) if kind == AVERAGE else int(kinds[kind])
            missed = int(sum(lost.values()) if kind == AVERAGE else lost.get(kind, 0))
            rows.append(
                SummaryRow(dataset, mllm, method, POOLED, METRIC + kind, found.value, found.low, found.high, count, missed, categories)
            )
        options = part["option_log_probabilities"].map(len)
        counts = options[options > 0].groupby(part["question_type"])
        guessed = {str(kind): (float((1 / mine).mean()), len(mine)) for kind, mine in counts}
        if guessed:
            values, sizes = zip(*guessed.values(), strict=True)
            guessed[AVERAGE] = (float(np.mean(values)), sum(sizes))
        rows += [
            SummaryRow(dataset, mllm, method, POOLED, f"{CHANCE}{kind}", chance, None, None, count, 0, categories)
            for kind, (chance, count) in guessed.items()
        ]
    return summary_frame(rows)


def _given(part: pd.DataFrame) -> list[GivenAnswer]:
    return [
        GivenAnswer(
            f"{row.dataset}/{row.image_id}",
            row.question_id,
            row.question_type,
            row.correct_letter,
            row.answer_letter if pd.notna(row.answer_letter) else "",
            labelled_normal=not row.is_defective,
        )
        for row in part.itertuples()
    ]
