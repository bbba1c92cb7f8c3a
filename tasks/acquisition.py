"""Brings datasets into ``data/<name>``: fetched or imported, audited, then tracked with DVC.

Not Prefect tasks: these are done once by a person, before any run.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

from eagle_core.config import DatasetConfig
from eagle_core.data import elpv
from eagle_core.data.archive import extract
from eagle_core.data.audit import Finding, audit
from eagle_core.data.catalogue import Dataset, DatasetFormat, detect_format, list_dataset, no_layout
from eagle_core.data.corrected import Corrected, write_corrected
from eagle_core.data.dataset import images_below, images_in, subfolders
from eagle_core.data.fetch import UnreachableError, download
from eagle_core.data.labels import Label
from eagle_core.data.sources import Published, find_source, import_command
from eagle_core.errors import ConfigurationError, DataError
from eagle_core.names import dataset_name, printable
from tasks.machinery.dataset import DEMO, track

LOG = logging.getLogger("eagle.data")
Report = Callable[[str, int, int | None], None]
"""Called with (phase, done, total where known); the phases are download, unpack, audit and copy."""


@dataclass(frozen=True, slots=True)
class Audited:
    """A dataset with its layout and what its audit found."""

    dataset: Dataset
    layout: DatasetFormat
    findings: list[Finding]

    @property
    def has_errors(self) -> bool:
        """True where figures computed from this dataset would be wrong."""
        return any(finding.severity == "error" for finding in self.findings)


def parse_labels(assignments: Iterable[str]) -> dict[str, Label]:
    """``["good_2=normal", …]`` as {folder: label}.

    Raises:
        ConfigurationError: One is not of that form.
    """
    labels: dict[str, Label] = {}
    for text in assignments:
        folder, equals, label = text.rpartition("=")
        if not equals or not folder or label not in get_args(Label):
            raise ConfigurationError(f"--label {text!r}: write it as FOLDER=LABEL with one of {', '.join(get_args(Label))}")
        labels[folder] = cast(Label, label)
    return labels


def audit_folder(
    folder: Path,
    layout: DatasetFormat | None,
    report: Report,
    labels: Mapping[str, Label] | None = None,
    *,
    as_normal: bool = False,
) -> Audited:
    """Audit ``folder``; its layout is told from what is in it where ``layout`` is None.

    With ``as_normal``, photographs right inside are the normal images to fit on.

    Raises:
        DataError: There is no such folder, or it has no layout that Eagle reads.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: {'a file; give the folder that holds it' if folder.exists() else 'no such folder; check the path'}")
    found = layout or detect_format(folder)
    if found is None:
        raise DataError(no_layout(folder))
    dataset = list_dataset(DatasetConfig(name="dataset", format=found, root=folder, labels=tuple((labels or {}).items())))
    if as_normal:
        dataset = _as_normal(dataset)
    findings = audit(dataset, lambda done, total: report("audit", done, total))
    return Audited(dataset, found, findings)


def holds_photographs_only(folder: Path) -> bool:
    """Whether images lie right in ``folder``, and none in a folder beside them."""
    return bool(images_in(folder)) and not any(map(images_below, subfolders(folder))) and detect_format(folder) == "folder"


def _as_normal(dataset: Dataset) -> Dataset:
    """The dataset with its unlabelled test images as normal training images."""
    categories = {
        name: replace(
            category,
            train=tuple(replace(sample, split="train", is_defective=False) for sample in (*category.train, *category.test)),
            test=(),
        )
        for name, category in dataset.categories.items()
    }
    return replace(dataset, categories=categories)


def correct_folder(audited: Audited, folder: Path, report: Report) -> tuple[Corrected, Audited]:
    """Write a corrected copy of an audited dataset to the new folder ``folder``, and audit that.

    Raises:
        DataError: ``folder`` holds something or lies inside the dataset, or nothing can be copied.
    """
    copy = write_corrected(audited.dataset, folder, lambda done, total: report("copy", done, total))
    return copy, audit_folder(folder, "folder", report)


def fetch_published(
    name: Published, url: str | None, sha256: str | None, project: Path, report: Report
) -> Path:
    """Download, verify and unpack an archive into ``data/<name>``, track it, and return the folder.

    ``url`` and ``sha256``, where given, go before what anomalib states. A folder that is there already is not
    fetched again. The archive is removed once it is unpacked.

    Raises:
        DataError: It cannot be fetched or unpacked; offline, the message says how to get it by hand.
    """
    folder = project / "data" / name
    if not _is_used(folder):
        source = find_source(name, url, sha256)
        archive = folder.parent / ".downloads" / f"{name}-{source.sha256[:12]}"
        try:
            download(source.url, archive, source.sha256, lambda done, total: report("download", done, total))
        except UnreachableError as error:
            raise UnreachableError(
                f"{error}. Fetch {source.url} by hand on a machine with a connection, check that its sha256 is "
                f"{source.sha256}, unpack it, and run `{import_command(name)}`"
            ) from error
        extract(archive, folder, lambda done, total: report("unpack", done, total))
        archive.unlink()
        _lift_single_folder(folder)
    track(project, name)
    return folder


def fetch_elpv(split: elpv.ElpvSplit, project: Path, report: Report) -> dict[str, int]:
    """Split the ELPV benchmark of the installed package into ``data/elpv`` and ``data/elpv_doubtful``, and track both.

    Folders that are there already are left as they are.

    Returns:
        Images in each folder below ``data``.

    Raises:
        DataError: The package is not installed, a category has too few images, or one folder is there without the other.
    """
    data, names = project / "data", (elpv.DATASET, elpv.DOUBTFUL)
    there = [_is_used(data / name) for name in names]
    if any(there) and not all(there):
        raise DataError(f"{data}: only one of {' and '.join(names)} is there; remove it and fetch again")
    if not any(there):
        cells, licence = elpv.installed_cells()
        drawn = elpv.draw(cells, split)
        data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".elpv-", dir=data) as scratch:
            elpv.write(drawn, licence, Path(scratch), lambda done, total: report("copy", done, total))
            for name in names:
                if (data / name).exists():
                    (data / name).rmdir()
                (Path(scratch) / name).rename(data / name)
    for name in names:
        track(project, name)
    folders = sorted({path.parent for name in names for path in (data / name).rglob("*.png")})
    return {folder.relative_to(data).as_posix(): len(list(folder.glob("*.png"))) for folder in folders}


def import_folder(
    source: Path, name: str, project: Path, link: bool, report: Report, *, inside: str | None = None
) -> Path:
    """Copy ``source`` to ``data/<name>``, or to the folder ``inside`` it, track it, and return the new folder.

    With ``link``, a symbolic link is made instead, and nothing is tracked: DVC would copy the images.

    Raises:
        DataError: The name is not usable or taken, there is nothing to import, the disk is too small, or a file
            cannot be copied.
    """
    if not source.is_dir() or not any(source.iterdir()):
        raise DataError(f"{source}: no such folder, or nothing in it; check the path")
    if not re.fullmatch(r"\w+", name) or name != dataset_name(name):
        raise DataError(
            f"{name!r} cannot name a dataset; use --name with small letters, digits and underscores, a letter first, such as "
            f"{dataset_name(name)}"
        )
    if name == Path(DEMO).name:
        raise DataError(f"{name!r} is the name of the data that Eagle generates itself; choose another --name")
    folder = project / "data" / name
    if folder.is_symlink() or _is_used(folder):
        raise DataError(f"{folder}: already there; move it away, or choose another --name")
    if folder.resolve().is_relative_to(source.resolve()):
        raise DataError(f"{source}: contains {folder} itself; import the folder of the images only")
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.is_dir():
        folder.rmdir()
    target = folder / inside if inside else folder
    if inside:
        folder.mkdir()
    if link:
        target.symlink_to(source.resolve(), target_is_directory=True)
        return folder
    _copy(source, target, report)
    track(project, name)
    return folder


def _copy(source: Path, folder: Path, report: Report) -> None:
    """Copy a tree with the content of its links; it appears under its name only when it is complete."""
    files = [path for path in source.rglob("*") if path.is_file()]
    needed, free = sum(path.stat().st_size for path in files), shutil.disk_usage(folder.parent).free
    if needed > free:
        raise DataError(
            f"{folder}: needs {needed:,} bytes, {free:,} are free on this disk; make room or use --link"
        )
    done = 0

    def copy_and_report(origin: str, target: str) -> None:
        nonlocal done
        shutil.copyfile(origin, target)
        done += 1
        report("copy", done, len(files))

    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        try:
            shutil.copytree(source, Path(scratch) / "copy", copy_function=copy_and_report)
        except (OSError, shutil.Error) as error:
            raise DataError(
                f"{source}: cannot be copied ({error}); check that every file in it can be read"
            ) from error
        renamed = _named_in_utf8(Path(scratch) / "copy", source)
        (Path(scratch) / "copy").rename(folder)
    if renamed:
        LOG.warning("%s: %d names are no UTF-8; in the copy their bytes are written as %%XX, for DVC takes text only", folder, renamed)


def _named_in_utf8(folder: Path, source: Path) -> int:
    """Percent-encode what is no UTF-8 in the names below ``folder``, a copy of ``source``; returns how many there were.

    Raises:
        DataError: A file has the new name already.
    """
    renamed = 0
    for place, folders, files in os.walk(folder, topdown=False):
        for name in folders + files:
            text = printable(name)
            if text != name:
                if (Path(place) / text).exists():
                    raise DataError(f"{source / Path(place).relative_to(folder) / name}: there is a {text} beside it already; rename one of the two")
                (Path(place) / name).rename(Path(place) / text)
                renamed += 1
    return renamed


def _lift_single_folder(folder: Path) -> None:
    """Where all content lies in one folder of the archive, and only that one has a known layout, move it up."""
    inside = list(folder.iterdir())
    if len(inside) == 1 and inside[0].is_dir() and detect_format(folder) is None and detect_format(inside[0]):
        lifted = folder.with_name(f".{folder.name}-lifted")
        inside[0].rename(lifted)
        folder.rmdir()
        lifted.rename(folder)


def _is_used(folder: Path) -> bool:
    return folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
