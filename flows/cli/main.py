"""The ``eagle`` command. One file per verb; errors end as one line that says what to do."""

from __future__ import annotations

import io
import logging
import os
import sys

import typer
from rich.console import Console
from rich.markup import escape

from eagle_core.errors import EagleError
from eagle_core.names import printable
from flows.cli.verbs import Verbs
from tasks.machinery.disk import disk_trouble

HELP = """Industrial anomaly detection with multimodal LLMs guided by a PatchCore expert.

Examples:

  eagle init line3 --images ~/photos      a project for your own images

  eagle run                               the demo: four methods, a table, MLflow runs

  eagle run --profile visa --set caas.alpha=0.3

  eagle sweep --set caas.alpha=0:1:0.1    every point an MLflow run, answers shared

  eagle experiment list                   the paper's tables, figures and ablations

  eagle report                            the page of the latest run

  eagle inspect part.png --category wood  a verdict for one image

  eagle mmad score answers.json           MMAD's scores of an answers file

  eagle doctor                            what this machine can run
"""

app = typer.Typer(name="eagle", cls=Verbs, no_args_is_help=True, add_completion=False, rich_markup_mode="rich")


@app.callback(help=HELP)
def eagle() -> None:
    """What every verb shares: nothing."""


def main() -> None:
    """Entry point: run the command; an EagleError, a full disk and forbidden files become one red line and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names of files that are no UTF-8 are shown as the bytes they are, as other programs do.
            stream.reconfigure(errors="surrogateescape")
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("eagle").setLevel(os.environ.get("EAGLE_LOG_LEVEL", "INFO").upper())
    try:
        app()
    except Exception as error:
        told = error if isinstance(error, EagleError) else disk_trouble(error)
        if told is None:
            raise
        Console(stderr=True, soft_wrap=True).print(f"[bold red]error:[/] {escape(printable(' '.join(str(told).split())))}", highlight=False)
        sys.exit(2)


if __name__ == "__main__":
    main()
