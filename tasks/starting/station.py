"""Makes an empty folder a station's project: its good images will come by the page."""

from __future__ import annotations

from pathlib import Path

from eagle_core.errors import ConfigurationError
from tasks.starting.files import PARAMS, write_project

DATASET = "line"


def start_station(folder: Path) -> Path:
    """Write the project's files into an empty ``folder``; returns its params.yaml.

    Raises:
        ConfigurationError: Something is in the folder.
    """
    found = next((each.name for each in folder.iterdir() if not each.name.startswith(".")), None)
    if found is not None:
        raise ConfigurationError(
            f"there is no {PARAMS} here, and the folder is not empty ({found}); start the station in an empty folder, "
            "in a project's folder, or pass --params"
        )
    write_project(folder, DATASET, {"format": "mvtec", "root": f"data/{DATASET}"})
    return folder / PARAMS
