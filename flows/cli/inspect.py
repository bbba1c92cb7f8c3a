"""``eagle inspect``: a verdict per image, with an overlay and a JSON file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eagle_core.errors import ConfigurationError
from flows.cli.console import wide_console
from flows.cli.options import PARAMS, ParamsOption, ProfileOption, SetOption
from tasks.machinery.params import load_params, parse_assignments
from tasks.preflight.data import refuse_without_data

if TYPE_CHECKING:
    from tasks.inspection import Verdict


def inspect(
    images: Annotated[list[Path], typer.Argument(help="Images to judge.")],
    category: Annotated[str | None, typer.Option("--category", "-c", help="Whose normal images to judge by.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Default: the profile's first.")] = None,
    mllm: Annotated[str | None, typer.Option(help="Default: the profile's first.")] = None,
    out: Annotated[Path, typer.Option(help="Where overlays and JSON go.")] = Path("runs/inspect"),
    explain: Annotated[bool, typer.Option(help="Ask for a sentence about images judged defective.")] = True,
    profile: ProfileOption = "demo",
    assignments: SetOption = None,
    params: ParamsOption = PARAMS,
) -> None:
    """Judge images: the expert's score against tau, the MLLM's P(defect), boxes in pixels.

    The first call for a category fits its expert; later calls take it from the store. Exit code 1 when an
    image could not be read.

    Examples:

      eagle inspect data/demo/wood/test/scratch/000.png --category wood

      eagle inspect line3/*.png -c housing --profile visa --out verdicts
    """
    config = load_params(params, profile, parse_assignments(assignments or []))
    chosen = mllm or next(iter(config.mllms))
    if chosen not in config.mllms:
        raise ConfigurationError(f"--mllm {chosen!r} is unknown; there are: {', '.join(config.mllms)}")
    if dataset is not None and dataset not in config.datasets:
        raise ConfigurationError(f"--dataset {dataset!r} is unknown; there are: {', '.join(config.datasets)}")
    refuse_without_data(config, params.resolve().parent)
    absent = [path for path in images if not path.is_file()]
    errors = Console(stderr=True, soft_wrap=True)
    for path in absent:
        errors.print(f"[bold red]error:[/] {escape(str(path))}: no such file", highlight=False)
    images = [path for path in images if path not in absent]
    if not images:
        raise typer.Exit(1)
    from tasks.inspection import choose_category, file_stems, inspect_images, write_verdict
    from tasks.stages.data import ensure_available

    ensure_available(config, dataset or next(iter(config.datasets)), params.resolve().parent)
    name, known = choose_category(config, dataset, category)
    verdicts, failures = inspect_images(config, images, name, known, chosen, explain=explain)
    console = wide_console()
    stems = file_stems([verdict.sample.image_path for verdict in verdicts])
    if verdicts:
        console.print(_table(verdicts))
    for verdict in verdicts:
        if verdict.explanation:
            console.print(f"{verdict.sample.image_path}: {verdict.explanation}", highlight=False, markup=False)
        for contradiction in verdict.contradictions:
            console.print(f"  [yellow]doubtful:[/] {escape(contradiction)}", highlight=False)
        picture, described = write_verdict(config, verdict, out, stems[verdict.sample.image_path])
        console.print(f"{picture}  {described}", highlight=False, soft_wrap=True, markup=False)
    for warning in dict.fromkeys(w for v in verdicts for w in v.threshold.warnings):
        console.print(f"[yellow]warning:[/] {escape(warning)}", highlight=False, soft_wrap=True)
    for failure in failures:
        errors.print(f"[bold red]error:[/] {escape(failure.reason)}", highlight=False)
    if failures or absent:
        raise typer.Exit(1)


def _table(verdicts: list[Verdict]) -> Table:
    table = Table("image", "verdict", "P(defect)", "expert score", "τ", "expert says", "boxes x0,y0–x1,y1")
    for v in verdicts:
        word = {True: "[red]DEFECTIVE[/]", False: "[green]normal[/]", None: "[yellow]unparsed[/]"}[v.defective]
        boxes = " ".join(f"{b.x0},{b.y0}–{b.x1},{b.y1}" for b in v.guidance.boxes)
        says = "anomalous" if v.guidance.predicted_anomalous else "normal"
        says += " (low confidence)" if v.guidance.gate_open else ""
        p = "–" if v.answer.p_defect is None else f"{v.answer.p_defect:.3f}"
        table.add_row(
            str(v.sample.image_path), word, p, f"{v.prediction.score:.3f}", f"{v.threshold.tau:.3f}", says, boxes or "–"
        )
    return table
