"""One case for each question type: what Echo showed, knew, asked and was answered (Echo: Figs. 7 to 11)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from eagle_core.data.question_types import TITLES
from eagle_core.echo.modules import KNOWLEDGE_CAPTION
from eagle_core.evaluation.table import METHOD_NAMES
from eagle_core.experiments import case_sheet
from eagle_core.experiments.case_sheet import Case, GivenLetter
from eagle_core.methods.plan import Plan
from eagle_core.records import ImagePart, QuestionType, TextPart
from tasks.graph.values import records_of
from tasks.machinery.inputs import category_of
from tasks.machinery.store import Entry
from tasks.stages.predictions import read_predictions
from tasks.stages.prompter import EchoPrompter, planner_of
from tasks.stages.questions import questions_of
from tasks.stages.threshold import read_threshold
from tasks.sweeps.results import PointResult, SweepOutcome

FILE = "cases.md"
COLUMNS = ["dataset", "mllm", "question_type", "image_id", "references", "method", "letter", "right_letter", "was_right"]


def cases(sweep: SweepOutcome, folder: Path) -> pd.DataFrame:
    """Write ``cases.md`` above ``folder`` and a PNG for each case into it; returns the answers.

    A type's case is the first defective image of a category of its own, so far as there are enough: chosen by
    order, not by whether the answer is right.
    """
    result, written, rows = sweep.results[0], [f"# {sweep.identity.title}\n"], []
    records = _records(result)
    for (dataset, mllm), mine in records.groupby(["dataset", "mllm"], sort=False):
        for question_type in (kind for kind in TITLES if kind in set(mine["question_type"])):
            found = _case(result, mine, question_type)
            if found is None:
                continue
            case, chosen = found
            picture = folder / str(dataset) / str(mllm) / f"{question_type}.png"
            case_sheet.draw(case, picture)
            written.append(case_sheet.as_markdown(case, picture.relative_to(folder.parent).as_posix()))
            rows += [
                (dataset, mllm, question_type, case.image_id, " ".join(row.template_ids), row.method,
                 row.answer_letter, case.right_letter, row.answer_letter == row.correct_letter)
                for row in chosen.itertuples()
            ]  # fmt: skip
    (folder.parent / FILE).write_text("\n".join(written), encoding="utf-8")
    return pd.DataFrame(rows, columns=COLUMNS)


def _records(result: PointResult) -> pd.DataFrame:
    """Of the methods that ask, defective images with a known right letter, "no value" as None."""
    entries = [entry for subject, mine in result.groups.items() if subject.method != "expert" for entry in mine]
    records = records_of(entries)
    known = records["correct_letter"].notna() & records["is_defective"].fillna(value=False)
    return records[known].astype(object).where(lambda table: table.notna(), None)


def _case(result: PointResult, records: pd.DataFrame, question_type: QuestionType) -> tuple[Case, pd.DataFrame] | None:
    """The case and every method's record of it; None where Echo was not asked."""
    asked = records[(records["question_type"] == question_type) & (records["method"] == "echo")]
    if asked.empty:
        return None
    categories = list(dict.fromkeys(asked["category"]))
    category = categories[list(TITLES).index(question_type) % len(categories)]
    first = asked[asked["category"] == category].iloc[0]
    plan = _plan(result, first)
    if plan is None:
        return None
    same = records[(records["image_id"] == first["image_id"]) & (records["question_id"] == first["question_id"])]
    images = [part for part in plan.prompt.parts if isinstance(part, ImagePart)]
    known = [part.text for part in plan.prompt.parts if isinstance(part, TextPart) and part.role == "knowledge"]
    names = [*(f"reference {name}" for name in plan.template_ids), "query"]
    case = Case(
        TITLES[question_type],
        first["image_id"],
        plan.prompt.question,
        first["correct_letter"],
        tuple((name, part.image) for name, part in zip(names, images, strict=True)),
        "".join(known).removeprefix(KNOWLEDGE_CAPTION),
        plan.prompt.text,
        tuple(_given(row) for row in same.to_dict("records")),
    )
    return case, same


def _given(row: dict[str, object]) -> GivenLetter:
    options: Sequence[dict[str, object]] = row["option_log_probabilities"]  # type: ignore[assignment]
    likely = {str(option["letter"]): math.exp(float(str(option["log_probability"]))) for option in options}
    letter = None if row["answer_letter"] is None else str(row["answer_letter"])
    return GivenLetter(METHOD_NAMES[str(row["method"])], letter, likely.get(letter or ""), letter == row["correct_letter"])


def _plan(result: PointResult, record: pd.Series) -> Plan | None:
    """What Echo asked, made again from the store."""
    dataset, category = str(record["dataset"]), str(record["category"])
    config = result.point.config
    [mine] = [c for c in result.categories if (c.name.dataset, c.name.category) == (dataset, category)]
    memory, known = mine.memory, mine.judged.knowledge
    if not (isinstance(memory, Entry) and isinstance(known, Entry) and isinstance(mine.predictions, Entry)):
        return None
    prompter = EchoPrompter(
        config,
        (dataset, category),
        read_predictions(mine.predictions.path),
        read_threshold(result.thresholds[mine.name]),
        memory,
        known,
        with_eagle=False,
        planner=planner_of(config, str(record["mllm"])),
    )
    [sample] = [s for s in category_of(config, dataset, category).test if s.image_id == record["image_id"]]
    [question] = [q for q in questions_of(config, dataset, category)[record["image_id"]] if q.question_id == record["question_id"]]
    plan = prompter.plan(sample, question)
    return plan if isinstance(plan, Plan) else None
