"""Writes the files of a new project: params.yaml for the user's images, what git leaves out, and DVC where wanted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eagle_core.errors import ConfigurationError, DataError
from eagle_core.names import dataset_name
from tasks.acquisition import Audited, Report, audit_folder, holds_photographs_only, import_folder
from tasks.starting.files import PARAMS, template, write_if_missing, write_project


@dataclass(frozen=True, slots=True)
class Started:
    """A project that is ready for ``eagle run``."""

    params: Path
    name: str
    """Of the dataset."""
    audited: Audited
    all_normal: bool
    """The folder held photographs and nothing else: all were taken as good parts."""


def start_project(folder: Path, images: Path, name: str | None, *, copy: bool, report: Report) -> Started:
    """Make ``folder`` a project for the user's images.

    Args:
        folder: Made where it is missing; files that are there stay.
        images: The user's folder, in any layout that Eagle reads; or photographs right inside, which are taken as normal.
        name: Of the dataset; the folder's own where it is None.
        copy: Copy the images to ``data/<name>`` and track them with DVC, with a ``dvc.yaml``; else they are read where
            they are.
        report: Told how far checking and copying are.

    Raises:
        ConfigurationError: There is a params.yaml already.
        DataError: The images have no layout that Eagle reads, none of them is normal, or they cannot be copied.
    """
    params = folder / PARAMS
    if params.exists():
        raise ConfigurationError(f"{params} is there already; remove it, or choose another folder")
    all_normal = images.is_dir() and holds_photographs_only(images)
    audited = audit_folder(images, None, report, as_normal=all_normal)
    _refuse_unlearnable(audited, images)
    chosen = name or dataset_name(images.resolve().name)
    try:
        (folder / "data").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be made ({error.strerror}); name another folder for the project") from error
    if copy or all_normal:
        import_folder(images, chosen, folder, not copy, report, inside="normal" if all_normal else None)
    if copy:
        write_if_missing(folder / "dvc.yaml", template("pipeline.yaml").replace("{name}", chosen))
    root = f"data/{chosen}" if copy or all_normal else _place(images, folder)
    write_project(folder, chosen, {"format": audited.layout, "root": root})
    return Started(params, chosen, audited, all_normal)


def _refuse_unlearnable(audited: Audited, images: Path) -> None:
    if not any(category.train for category in audited.dataset.categories.values()):
        raise DataError(
            f"{images}: no image is marked as normal, so there is nothing to learn from; make a folder `normal` in it "
            "(for several products: one in the folder of each) and move images of good parts there"
        )


def _place(images: Path, folder: Path) -> str:
    """Below the project as people would write it, else the whole path."""
    place, project = images.resolve(), folder.resolve()
    return place.relative_to(project).as_posix() if place.is_relative_to(project) else str(place)
