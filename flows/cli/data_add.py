"""``eagle data add``: good photographs for a category that is there, compared before anything changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from eagle_core.counted import counted
from eagle_core.errors import ConfigurationError, DataError
from eagle_core.names import printable
from flows.cli.console import progress
from flows.cli.data_comparison import comparison_as_rich, flip_lines
from flows.cli.options import PARAMS, ParamsOption, ProfileOption, SetOption
from tasks.inspection.choice import choose_category, chosen_images, unread_among
from tasks.machinery.params import load_params, parse_assignments
from tasks.preflight.data import is_generated

SHOWN = 10
"""Images of each kind of remark."""


def add(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Photographs of good parts.")],
    category: Annotated[str | None, typer.Option("--category", "-c", help="To which category they are added.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Where a category of that name is in several.")] = None,
    calibration: Annotated[
        bool,
        typer.Option("--calibration", help="Keep them apart: only the limit is fitted from them (parts of another day or lot)."),
    ] = False,
    keep_odd: Annotated[bool, typer.Option("--keep-odd", help="Add those too that look odd beside the others.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Add them without asking.")] = False,
    profile: ProfileOption = "demo",
    assignments: SetOption = None,
    params: ParamsOption = PARAMS,
) -> None:
    """Add photographs of good parts to a category, after a comparison of how it judges now and how it would judge then.

    Never added: what cannot be read, what is there already, and files of another bit depth. Left out unless --keep-odd:
    images of another size, light or focus, of another scene, and such as look like a defect. No file is overwritten, and
    what DVC tracks stays tracked. Features (what the network sees) are computed of the new images only.

    Without --yes you are asked at the end; until then, and if you say no, the data stay as they were.

    Exit code 1: nothing was added.

    Examples:

      eagle data add ~/photos/tuesday -c lid

      eagle data add ~/photos/next_lot -c lid --calibration --yes
    """
    config = load_params(params, profile, parse_assignments(assignments or []))
    project = params.resolve().parent
    name, known = choose_category(config, dataset, category, project)
    if is_generated(config, name, project):
        raise ConfigurationError("the demo's images are drawn and pinned: nothing can be added to them; import your own (eagle data import)")
    paths, faults = chosen_images([folder])
    if faults:
        raise DataError("; ".join(faults))
    # Behind these is torch, for which what is refused above need not wait.
    from tasks.adding.candidates import candidates, look_through_expert
    from tasks.adding.staging import plan, staged
    from tasks.adding.switch import add_images
    from tasks.adding.trial import fitted, fitted_or_why_not

    plan(config, name, known, (), calibration=calibration)
    with progress() as report:
        found = candidates(config, name, known, paths, lambda done, total: report("look", done, total))
    now = fitted_or_why_not(config, name, known)
    looked = 0 if isinstance(now, str) else look_through_expert(config, now[0], found, known).computed
    _remarks("not added", [*(c.refused for c in found if c.refused is not None), *unread_among([folder])])
    odd = [f"{c.sample.image_path}: {'; '.join(c.odd)}" for c in found if c.odd and c.refused is None]
    _remarks("added although it looks odd" if keep_odd else "left out, for it looks odd (--keep-odd adds it)", odd)
    chosen = [c.sample.image_path for c in found if c.refused is None and (keep_odd or not c.odd)]
    if not chosen:
        _say(f"nothing was added: no image of {len(found)} can be")
        raise typer.Exit(1)
    planned = plan(config, name, known, chosen, calibration=calibration)
    with staged(config, name, known, planned) as trial:
        _, then = fitted(trial, name, known)
    before = None if isinstance(now, str) else now[1]
    Console(width=None if Console().is_terminal else 160).print(comparison_as_rich(before, then, config, looked))
    if isinstance(now, str):
        _say(f"now: not fitted: {now}")
    for line in flip_lines(before, then):
        _say(line)
    if not yes and not _agreed(f"add {counted(len(chosen), 'image')} to {planned.folder}?"):
        _say("nothing was added: the data are as they were")
        raise typer.Exit(1)
    tracked = add_images(planned, config.datasets[name].root, project)
    _say(f"{counted(len(chosen), 'image')} added to {planned.folder}{', tracked with DVC' if tracked else ''}; the expert is fitted: eagle run, eagle inspect")


def _agreed(question: str) -> bool:
    """False too where nobody can be asked."""
    try:
        return typer.confirm(question)
    except typer.Abort:
        return False


def _remarks(title: str, lines: Sequence[str]) -> None:
    for line in lines[:SHOWN]:
        _say(f"{title}: {line}")
    if len(lines) > SHOWN:
        _say(f"{title}: and {len(lines) - SHOWN} more")


def _say(line: str) -> None:
    """One line, unwrapped and taken literally, so that paths can be copied from it."""
    Console().print(escape(printable(line)), highlight=False, soft_wrap=True)
