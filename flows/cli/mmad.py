"""``eagle mmad``: scores, audits and conversions of MMAD's files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from eagle_core.counted import counted
from eagle_core.data.mmad_questions import read_questions
from eagle_core.data.question_types import TITLES
from eagle_core.errors import ConfigurationError
from eagle_core.mmad.answers_file import read_answers, write_answers
from eagle_core.mmad.audit import audit
from eagle_core.mmad.conversion import answers_from, records_from
from eagle_core.mmad.published import AVERAGES
from eagle_core.mmad.scoring import AVERAGE, MmadScores, Score, score
from eagle_core.record_table import read_records, write_records
from flows.cli.console import plain, wide_console

app = typer.Typer(help="MMAD: score answers files, audit the data, convert.", no_args_is_help=True)
LISTED = 5
"""Examples shown of a long list."""


class Definition(StrEnum):
    """Which definition of MMAD's scores."""

    MMAD = "mmad"
    COMPAT = "mmad_compat"


@app.command("score")
def score_file(
    answers: Annotated[Path, typer.Argument(help="Answers file of MMAD's scripts, or of `eagle mmad export`.")],
    questions: Annotated[Path | None, typer.Option(help="mmad.json: missing answers then count as wrong.")] = None,
    definition: Annotated[Definition, typer.Option(help="mmad_compat: as MMAD's script, its skipping included.")] = Definition.MMAD,
    published: Annotated[bool, typer.Option(help="Print published 1-shot scores beneath.")] = False,
) -> None:
    """Score an answers file by MMAD's definitions, with 95 % bootstrap intervals.

    Examples:

      eagle mmad score answers_1_shot_Qwen.json --questions mmad.json

      eagle mmad score old_answers.json --definition mmad_compat
    """
    asked = read_questions(questions) if questions else None
    result = score(read_answers(answers), definition.value, asked)
    console = wide_console()
    console.print(as_rich(result))
    console.print(f"{counted(result.questions, 'question')}; {counted(result.unparsed, 'answer')} unparsed, {result.missing} missing", highlight=False)
    for line in _some(asked.faults if asked else ()):
        console.print(f"not a question that can be asked, so not counted: {line}", style="yellow", highlight=False, markup=False)
    for line in _some(result.duplicates):
        console.print(f"asked twice, first answer counts: {line}", style="yellow", highlight=False, markup=False)
    for line in _some(result.strangers):
        console.print(f"not in the questions file, not counted: {line}", style="yellow", highlight=False, markup=False)
    if result.reordered:
        console.print(f"options in another order than in the questions file: {counted(len(result.reordered), 'answer')}, scored by the option's text", style="yellow", highlight=False)
    for line in _some(result.reordered):
        console.print(f"  {line}", style="yellow", highlight=False, markup=False)
    if result.unscorable:
        told = "unscorable: other options were asked than the questions file holds; what it asks there counts as missing"
        console.print(f"{counted(len(result.unscorable), 'answer')} {told}", style="yellow", highlight=False)
    for line in _some(result.unscorable):
        console.print(f"  {line}", style="yellow", highlight=False, markup=False)
    for line in _some(result.disputed):
        console.print(f"another right letter than in the questions file: {line}", style="yellow", highlight=False, markup=False)
    if published:
        table = Table("published, 1-shot", "DS-MVTec AD", "DS-MVTec", "VisA AD", "VisA", "mean of 4", title="MMAD's paper, percent", title_justify="left")
        for model, values in AVERAGES.items():
            table.add_row(model, *(f"{value:.1f}" for value in values))
        console.print(table)


@app.command("check")
def check(
    questions: Annotated[Path, typer.Argument(help="mmad.json.")],
    root: Annotated[Path | None, typer.Option(help="Folder with DS-MVTec, MVTec-LOCO, VisA, GoodsAD, MVTec-AD; default: beside the file.")] = None,
) -> None:
    """Audit MMAD's files: missing images, mix-ups, question counts against the published table.

    Exit code 1 where something is wrong.
    """
    found = audit(read_questions(questions), root or questions.parent)
    console = wide_console()
    console.print(f"{counted(found.images, 'image')}, {counted(found.questions, 'question')}", highlight=False)
    lists = {
        "query images missing": found.missing_queries,
        "template images missing": found.missing_templates,
        "images with the same content": tuple(" = ".join(group) for group in found.same_content),
        "questions unreadable": found.faults,
    }
    for what, lines in lists.items():
        console.print(f"{what}: {len(lines)}", style="yellow" if lines else "green", highlight=False)
        for line in _some(lines):
            console.print(f"  {line}", highlight=False, markup=False)
    if found.counts:
        table = Table("dataset", "type", "here", "published", title="question counts that differ", title_justify="left")
        for dataset, kind, here, wanted in found.counts:
            table.add_row(*plain(dataset, kind, here, wanted))
        console.print(table)
    if any(lists.values()) or found.counts:
        raise typer.Exit(1)


@app.command("import")
def import_answers(
    answers: Annotated[Path, typer.Argument(help="Answers file of MMAD's scripts.")],
    out: Annotated[Path, typer.Option(help="Records file to write.")] = Path("records.parquet"),
    mllm: Annotated[str, typer.Option(help="Name for the MLLM that answered.")] = "imported",
) -> None:
    """Turn an answers file into records, to be measured like every method's."""
    rows = read_answers(answers)
    write_records(records_from(rows, mllm), out)
    wide_console().print(f"{counted(len(rows), 'answer')} written to {out}", highlight=False)


@app.command("export")
def export_records(
    records: Annotated[Path, typer.Argument(help="records.parquet of a run.")],
    out: Annotated[Path, typer.Option(help="Answers file to write.")] = Path("answers.json"),
    mllm: Annotated[str, typer.Option(help="Whose answers.")] = "embedded",
    method: Annotated[str, typer.Option(help="mllm, eagle, echo, …")] = "mllm",
) -> None:
    """Turn a run's records into an answers file that MMAD's scripts read."""
    table = read_records(records)
    rows = answers_from(table, mllm, method)
    if not rows:
        there = sorted({f"{m}/{k}" for m, k in zip(table["mllm"], table["method"], strict=True)})
        raise ConfigurationError(f"{records}: no answers of {mllm}/{method} with a known right letter; there are: {', '.join(there)}")
    write_answers(rows, out)
    wide_console().print(f"{counted(len(rows), 'answer')} written to {out}", highlight=False)


def as_rich(result: MmadScores) -> Table:
    """Datasets down, types across, percent."""
    titles: dict[str, str] = {str(kind): title for kind, title in TITLES.items()}
    kinds = [key for key in (*titles, AVERAGE) if any(key in row for row in result.rows.values())]
    shown = Table("dataset", *(titles.get(key, key) for key in kinds), title=f"{result.definition}, percent", title_justify="left")
    for name, row in result.rows.items():
        shown.add_row(*plain(name), *(_percent(row.get(key)) for key in kinds))
    for name, row in result.chance.items():
        shown.add_row(*plain(f"guessing, {name}"), *(_percent(row.get(key)) for key in kinds), style="dim")
    return shown


def _percent(value: Score | None) -> str:
    if value is None:
        return "–"
    interval = "" if value.low is None or value.high is None else f" [{100 * value.low:.1f}, {100 * value.high:.1f}]"
    return f"{100 * value.value:.1f}{interval}"


def _some(lines: tuple[str, ...]) -> tuple[str, ...]:
    return (*lines[:LISTED], f"… and {len(lines) - LISTED} more") if len(lines) > LISTED else lines
