"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ProfileOption = Annotated[str, typer.Option("--profile", "-p", help="Overlay of params.yaml.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="KEY=VALUE", help="Single value by dotted key; may be repeated."),
]
ParamsOption = Annotated[Path, typer.Option("--params", help="The configuration file.")]
PARAMS = Path("params.yaml")
CheckOption = Annotated[
    bool, typer.Option("--check", help="Say what is needed, what is missing and how long it takes, and stop there.")
]
TimingsOption = Annotated[bool, typer.Option("--timings", help="Print where the seconds went.")]
AllowPartialOption = Annotated[
    bool, typer.Option("--allow-partial", help="Exit code 0 also where something is missing; the table still says what.")
]
PARTIAL = 3
"""Exit code where something that was asked for is missing."""
