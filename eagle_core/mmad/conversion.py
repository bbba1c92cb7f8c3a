"""Between MMAD's answers file and the records that every method of ours writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

import pandas as pd

from eagle_core.mmad.answers_file import GivenAnswer
from eagle_core.record_table import Record


def records_from(answers: Iterable[GivenAnswer], mllm: str) -> Iterator[Record]:
    """One record for each answer, as of the MLLM alone.

    A yes/no question has two letters, so that its verdict follows from whether the letter is the right one.
    """
    for answer in answers:
        dataset, category, *_ = parts = PurePosixPath(answer.image).parts
        defective = not answer.is_normal
        verdict = None
        if answer.question_type == "anomaly_detection" and answer.letter in ("A", "B"):
            verdict = defective if answer.letter == answer.correct else not defective
        yield Record(
            dataset=dataset,
            category=category,
            image_id=PurePosixPath(*parts[1:]).as_posix(),
            split="test",
            is_defective=defective,
            question_id=answer.question or answer.question_type,
            question_type=answer.question_type,
            method="mllm",
            status="answered" if answer.letter else "unparsed",
            mllm=mllm,
            answer_letter=answer.letter,
            correct_letter=answer.correct,
            verdict_defective=verdict,
            answer_text=None if answer.letter == answer.given else answer.given,
        )


def answers_from(records: pd.DataFrame, mllm: str, method: str) -> list[GivenAnswer]:
    """The answers of one method of one MLLM whose right letter is known; what was not answered stays an empty answer.

    A question that was read from a file has ``path#number`` as its id: its image goes out under the file's own path.
    """
    rows = records[(records["mllm"] == mllm) & (records["method"] == method) & records["correct_letter"].notna()]
    return [
        GivenAnswer(
            row.question_id.rpartition("#")[0] or f"{row.dataset}/{row.image_id}",
            row.question_id,
            row.question_type,
            row.correct_letter,
            row.answer_letter if pd.notna(row.answer_letter) else (row.answer_text if pd.notna(row.answer_text) else ""),
            labelled_normal=None if pd.isna(row.is_defective) else not row.is_defective,
        )
        for row in rows.itertuples()
    ]
