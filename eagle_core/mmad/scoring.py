"""MMAD's scores of an answers file, as its paper defines them and as its script computes them.

``mmad``: anomaly detection is the mean of the accuracies on normal and on anomalous images, pooled over a dataset;
other types are plain accuracy; a dataset's average is the mean over its types; the last row is the unweighted mean
over datasets. Unparsed and missing answers count as wrong, and are counted.

``mmad_compat``: what MMAD's summary script prints for the same file. It removes unparsed answers from the list while
walking through it, so that the answer after each is skipped too, and knows nothing of missing ones; a type that a
dataset lacks counts as 0 in its average.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal, NamedTuple

import numpy as np

from eagle_core.data.mmad_questions import LETTERS, NORMAL, QuestionSet
from eagle_core.data.question_types import TITLES
from eagle_core.evaluation.bootstrap import generator, percentile_interval
from eagle_core.mmad.answers_file import GivenAnswer
from eagle_core.mmad.matching import match
from eagle_core.records import QuestionType

Definition = Literal["mmad", "mmad_compat"]
AVERAGE = "average"
MEAN_OF_DATASETS = "mean of datasets"


class Score(NamedTuple):
    """A share of right answers with its 95 % bootstrap interval; None: no interval."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class MmadScores:
    """The table of one answers file."""

    definition: Definition
    rows: dict[str, dict[str, Score]]
    """Dataset, or ``mean of datasets`` -> question type, or ``average`` -> score."""
    chance: dict[str, dict[str, Score]]
    """The same of a guesser, where the number of options is known (from the question file)."""
    questions: int
    """Counted in the scores."""
    unparsed: int
    missing: int
    """Questions of the question file without an answer; 0 where none was given."""
    duplicates: tuple[str, ...] = field(default=())
    """``image: question`` asked more than once; the first answer counts."""
    strangers: tuple[str, ...] = field(default=())
    """Answers to no question of the question file: not counted."""
    reordered: tuple[str, ...] = field(default=())
    """Questions asked with their options in another order than the question file's; scored by the options' texts."""
    unscorable: tuple[str, ...] = field(default=())
    """Questions asked with other options than the question file's; counted as missing."""
    disputed: tuple[str, ...] = field(default=())
    """Questions whose right letter the two files state differently; the answers file's counts."""


@dataclass(slots=True)
class _Tally:
    right: int = 0
    total: int = 0
    chance: float = 0.0
    """Expected right answers of a guesser."""


Tallies = dict[tuple[str, QuestionType, bool], _Tally]
"""By dataset, type and whether the image is normal."""


def score(
    answers: Sequence[GivenAnswer],
    definition: Definition = "mmad",
    questions: QuestionSet | None = None,
    *,
    samples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> MmadScores:
    """Score an answers file.

    Args:
        answers: The file's rows in their order.
        definition: See the module.
        questions: What should have been asked; ``mmad`` then counts missing answers as wrong.
        samples: Bootstrap resamples.
        confidence: Of the intervals.
        seed: Of the resamples.

    Raises:
        DataError: No answer belongs to any of ``questions``, or none was asked with its question's options.
    """
    if definition == "mmad_compat":
        return _compat(answers)
    kept, duplicates = _first_of_each(answers)
    found = None if questions is None else match(kept, questions)
    counted = kept if found is None else list(found.answers)
    tallies: Tallies = {}
    for answer in counted:
        tally = tallies.setdefault(_group(answer.image, answer.question_type, answer.is_normal), _Tally())
        tally.total += 1
        tally.right += answer.letter is not None and answer.letter == answer.correct
    if questions is not None and found is not None:
        for image in questions.images:
            for question in image.questions:
                tally = tallies.setdefault(_group(image.path, question.question_type, image.is_normal), _Tally())
                tally.chance += 1 / len(question.options)
                tally.total += (image.path, question.question_id) in found.missing
    rows = _table(tallies, samples, confidence, seed)
    chance = _guesser(tallies) if questions is not None else {}
    total = sum(tally.total for tally in tallies.values())
    return MmadScores(
        definition,
        rows,
        chance,
        total,
        unparsed=sum(answer.letter is None for answer in counted),
        missing=0 if found is None else len(found.missing),
        duplicates=duplicates,
        strangers=() if found is None else found.strangers,
        reordered=() if found is None else found.reordered,
        unscorable=() if found is None else found.unscorable,
        disputed=() if found is None else found.disputed,
    )


def _first_of_each(answers: Sequence[GivenAnswer]) -> tuple[list[GivenAnswer], tuple[str, ...]]:
    first: dict[Hashable, GivenAnswer] = {}
    again = []
    for answer in answers:
        if first.setdefault(answer.key, answer) is not answer:
            again.append(f"{answer.image}: {answer.question}")
    return list(first.values()), tuple(again)


def _group(image: str, question_type: QuestionType, is_normal: bool) -> tuple[str, QuestionType, bool]:
    return PurePosixPath(image).parts[0], question_type, is_normal and question_type == "anomaly_detection"


def _table(tallies: Tallies, samples: int, confidence: float, seed: int) -> dict[str, dict[str, Score]]:
    """Resampling answers within a group draws its number of right ones from a binomial distribution."""
    replicates: dict[str, dict[str, np.ndarray]] = {}
    for dataset in dict.fromkeys(name for name, _, _ in tallies):
        rng = generator(seed, "mmad", dataset)
        mine: dict[str, np.ndarray] = {}
        for kind in TITLES:
            parts = [tallies[dataset, kind, normal] for normal in (False, True) if (dataset, kind, normal) in tallies]
            if parts:
                drawn = [
                    np.concatenate([[t.right], rng.binomial(t.total, t.right / t.total, samples)]) / t.total for t in parts
                ]
                mine[kind] = np.mean(drawn, axis=0)
        mine[AVERAGE] = np.mean(list(mine.values()), axis=0)
        replicates[dataset] = mine
    columns = list(dict.fromkeys(key for mine in replicates.values() for key in (*TITLES, AVERAGE) if key in mine))
    replicates[MEAN_OF_DATASETS] = {
        key: np.mean([mine[key] for mine in replicates.values() if key in mine], axis=0) for key in columns
    }
    return {
        name: {key: _with_interval(values, confidence) for key, values in mine.items()} for name, mine in replicates.items()
    }


def _with_interval(values: np.ndarray, confidence: float) -> Score:
    """The first value is the score itself, the others its resamples."""
    interval = percentile_interval(values[1:], confidence)
    return Score(float(values[0]), *(interval or (None, None)))


def _guesser(tallies: Tallies) -> dict[str, dict[str, Score]]:
    rows: dict[str, dict[str, Score]] = {}
    for dataset in dict.fromkeys(name for name, _, _ in tallies):
        mine = {}
        for kind in TITLES:
            parts = [tallies[dataset, kind, normal] for normal in (False, True) if (dataset, kind, normal) in tallies]
            if parts:
                mine[str(kind)] = Score(float(np.mean([t.chance / t.total for t in parts])))
        mine[AVERAGE] = Score(float(np.mean([s.value for s in mine.values()])))
        rows[dataset] = mine
    return rows


def _compat(answers: Sequence[GivenAnswer]) -> MmadScores:
    """MMAD's script, its iteration over a shrinking list included: that is what old result files were scored with."""
    datasets = list(dict.fromkeys(a.image.split("/")[0] for a in answers))
    kinds = list(dict.fromkeys(a.question_type for a in answers))
    counts = {(d, k, n): [0, 0] for d in datasets for k in kinds for n in (False, True)}
    remaining, counted, unparsed = list(answers), 0, 0
    for answer in remaining:
        correct = answer.written_correct or answer.correct
        if answer.given not in set(LETTERS) or correct not in set(LETTERS):
            remaining.remove(answer)
            unparsed += 1
            continue
        cell = counts[answer.image.split("/")[0], answer.question_type, NORMAL in answer.image]
        cell[0] += answer.given == correct
        cell[1] += 1
        counted += 1
    rows: dict[str, dict[str, Score]] = {}
    for dataset in datasets:
        mine: dict[str, Score] = {}
        for kind in kinds:
            cells = [counts[dataset, kind, normal] for normal in (False, True)]
            if kind == "anomaly_detection":
                value = float(np.mean([right / total if total else 0.0 for right, total in cells]))
            else:
                right, total = np.sum(cells, axis=0)
                value = float(right / total) if total else 0.0
            mine[kind] = Score(value)
        mine[AVERAGE] = Score(float(np.mean([s.value for s in mine.values()])))
        rows[dataset] = mine
    rows[MEAN_OF_DATASETS] = {
        key: Score(float(np.mean([rows[d][key].value for d in datasets]))) for key in (*kinds, AVERAGE)
    }
    return MmadScores("mmad_compat", rows, {}, counted, unparsed, 0)
