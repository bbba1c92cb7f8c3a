"""``eagle report``: the page of a run, made again; or two runs side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from eagle_core.errors import ConfigurationError
from flows.cli.console import wide_console
from flows.cli.options import PARAMS, ParamsOption
from tasks.machinery.params import load_params


def report(
    run: Annotated[str, typer.Argument(help="Run id or folder; the latest run where it is left out.")] = "",
    other: Annotated[str, typer.Argument(help="A second run: both side by side.")] = "",
    images: Annotated[int | None, typer.Option(min=0, help="Images of each category in the gallery.")] = None,
    params: ParamsOption = PARAMS,
) -> None:
    """Write report.html of a run: one page with tables, plots, images and provenance, without network.

    Every `eagle run` writes it already; this makes it again, with more images, say.

    Examples:

      eagle report

      eagle report 3f2a91c0d4e5 --images 100

      eagle report 3f2a91c0d4e5 81bb02a4c6d1    what changed between two runs
    """
    output_dir = load_params(params, "demo", {}).run.output_dir
    folder = _run_folder(run, output_dir)
    if other:
        _compare(folder, _run_folder(other, output_dir))
        return
    from eagle_core.config import EagleConfig
    from tasks.report.page import write_page

    described = folder / "summary.json"
    if not described.is_file():
        raise ConfigurationError(f"{folder}: no run folder, it lacks summary.json; run `eagle run` first")
    try:
        config = EagleConfig.model_validate(json.loads(described.read_text(encoding="utf-8"))["params"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{described}: no summary that this version can read ({error}); run `eagle run` again") from error
    if images is not None:
        config = config.model_copy(update={"report": config.report.model_copy(update={"images": images})})
    wide_console().print(f"report: {write_page(folder, config)}", highlight=False)


def _compare(first: Path, second: Path) -> None:
    from tasks.report.two_runs import compare_runs

    page, opening, tables = compare_runs(first, second)
    console = wide_console()
    for sentence in opening:
        console.print(sentence, highlight=False, soft_wrap=True, markup=False)
    for table in tables:
        shown = Table(*table.header, title=table.title)
        for row in table.rows:
            shown.add_row(*map(escape, row))
        console.print(shown)
    console.print(f"page: {page}", highlight=False, soft_wrap=True, markup=False)


def _run_folder(run: str, output_dir: Path) -> Path:
    if run:
        folder = Path(run) if Path(run).is_dir() else output_dir / run
        if not folder.is_dir():
            raise ConfigurationError(f"{run}: neither a run in {output_dir} nor a folder")
        return folder
    runs = sorted(output_dir.glob("*/summary.json"), key=lambda file: file.stat().st_mtime)
    if not runs:
        raise ConfigurationError(f"{output_dir} holds no run; run `eagle run` first")
    return runs[-1].parent
