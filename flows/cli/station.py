"""``eagle station``: back up, restore and export what a station keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from eagle_core.counted import counted
from flows.cli.shared import Chosen, with_shared_options

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich")


@app.command()
@with_shared_options
def backup(target: Annotated[Path, typer.Argument(help="The .tar file to write.")], chosen: Chosen) -> None:
    """Write everything the station keeps into one file; the station may be running."""
    from tasks.station.backup import back_up

    back_up(chosen.config(), target)
    Console().print(f"wrote {target}", markup=False, highlight=False)


@app.command()
@with_shared_options
def restore(source: Annotated[Path, typer.Argument(help="A file that `eagle station backup` wrote.")], chosen: Chosen) -> None:
    """Lay a backup into the station's folder, which must be empty."""
    from tasks.station.backup import restore as lay_back

    config = chosen.config()
    lay_back(config, source)
    Console().print(f"restored into {config.service.folder}; start it with: eagle serve", markup=False, highlight=False)


@app.command()
@with_shared_options
def export(folder: Annotated[Path, typer.Argument(help="New folder for the dataset.")], chosen: Chosen) -> None:
    """Write the reviewed parts as a dataset that `eagle run` reads."""
    from tasks.station.export import export_dataset
    from tasks.station.station import open_station

    station = open_station(chosen.config(), fit=False)
    try:
        made = export_dataset(station, folder)
    finally:
        station.close()
    told = f"{made.good} good and {counted(made.defective, 'defective part')} in {folder}"
    gone = f"; {made.without_image} more have lost their image to retention" if made.without_image else ""
    Console().print(told + gone, markup=False, highlight=False)
