"""``eagle init``: a project for one's own images."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from eagle_core.names import printable
from flows.cli.console import progress
from flows.cli.data_findings import show
from tasks.starting.project import start_project

ADD_MLLM = "No language model is asked. `eagle models` lists which there are; params.yaml says where its line goes."


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The project's folder; made where it is missing.")],
    images: Annotated[Path, typer.Option("--images", help="Folder with your images: normal/, and where there are any normal_test/, defective/, unlabelled/; or photographs of good parts right inside.")],
    name: Annotated[str | None, typer.Option(help="What to call the images in tables; the folder's own name if not given.")] = None,
    dvc: Annotated[bool, typer.Option("--dvc", help="Copy the images to DIR/data and track them with DVC; else they are read where they are.")] = False,
) -> None:
    """Start a project for your own images: checks them and writes a small params.yaml with comments.

    Examples:

      eagle init line3 --images ~/photos/line3

      cd line3

      eagle run

      eagle inspect ~/photos/new/part.png
    """
    with progress() as report:
        started = start_project(folder.expanduser(), images.expanduser(), name, copy=dvc, report=report)
    show(started.audited)
    console = Console(soft_wrap=True)
    console.print(escape(printable(f"written: {started.params}")), highlight=False)
    if started.all_normal:
        console.print(f"A folder of photographs and nothing else: taken as good parts (data/{started.name}/normal).", highlight=False, markup=False)
    console.print(ADD_MLLM, highlight=False, markup=False)
    if not any(category.test for category in started.audited.dataset.categories.values()):
        console.print("There is nothing to judge yet: put images into unlabelled/ beside normal/, or name them to `eagle inspect`.", highlight=False)
    console.print(escape(printable(f"Next: cd {shlex.quote(str(folder))}; eagle run; eagle inspect IMAGE")), highlight=False)
