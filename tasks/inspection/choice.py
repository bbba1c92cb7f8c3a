"""What is to be inspected, and by whose normal images: told before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Sequence
from glob import has_magic
from pathlib import Path

from eagle_core.config import EagleConfig
from eagle_core.data.dataset import files_below, images_below
from eagle_core.data.demo.manifest import load_manifest
from eagle_core.data.unread import UNREAD_ENDINGS
from eagle_core.errors import ConfigurationError, DataError
from eagle_core.names import as_text
from tasks.machinery.inputs import dataset_of
from tasks.preflight.data import is_generated


def chosen_images(given: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The image files that files, folders and patterns stand for, each once, and a line for each of ``given`` that has none.

    Of a folder all images below it are taken. ``~`` is the home folder.
    """
    found: dict[Path, None] = {}
    faults = []
    for written in given:
        path = written.expanduser()
        if path.is_dir():
            images = images_below(path)
            if not images:
                faults.append(f"{written}: no image in this folder")
        elif path.exists() or path.is_symlink():
            images = [path]
        else:
            images = _of_pattern(path)
            if not images:
                faults.append(f"{written}: no such file" + (", and no file's name has this pattern" if has_magic(str(path)) else ""))
        found |= dict.fromkeys(images)
    return list(found), faults


def unread_among(given: Sequence[Path]) -> list[str]:
    """A line for each picture in these folders, or below them, that other programs read and Eagle does not: HEIC, raw, PDF."""
    return [
        f"{path}: of a format that is not read; save it as PNG, JPEG or TIFF"
        for written in given
        if written.expanduser().is_dir()
        for path in files_below(written.expanduser())
        if path.suffix.lower() in UNREAD_ENDINGS and not path.name.startswith(".")
    ]


def _of_pattern(path: Path) -> list[Path]:
    """Files whose path has a pattern such as ``photos/**/*.png``, sorted."""
    parts = path.parts
    plain = next((n for n, part in enumerate(parts) if has_magic(part)), None)
    if plain is None:
        return []
    return sorted(found for found in Path(*parts[:plain]).glob("/".join(parts[plain:])) if found.is_file())


def refuse_unknown_dataset(config: EagleConfig, dataset: str | None) -> None:
    """Let a name of ``datasets``, or none, pass.

    Raises:
        ConfigurationError: There is no dataset of this name; the message lists what there is.
    """
    if dataset is not None and dataset not in config.datasets:
        raise ConfigurationError(f"--dataset {dataset!r} is unknown; there are: {', '.join(config.datasets)}")


def choose_category(config: EagleConfig, dataset: str | None, category: str | None, project: Path) -> tuple[str, str]:
    """The dataset and category to judge by; where only one has that name, or there is one only, it need not be named.

    Raises:
        ConfigurationError: The name is unknown or missing; the message lists what there is.
    """
    refuse_unknown_dataset(config, dataset)
    named = None if category is None else {category, as_text(category)}  # as shown, or as the folder is called
    there = {name: _categories(config, name, project) for name in ([dataset] if dataset else config.datasets)}
    fitting = [(name, known) for name, categories in there.items() for known in categories if named is None or known in named]
    if len(fitting) == 1:
        return fitting[0]
    listed = "; ".join(f"{', '.join(categories) or 'none'} (dataset {name})" for name, categories in there.items())
    if category is None:
        raise ConfigurationError(f"name the part's category with --category; there are: {listed}")
    if not fitting:
        raise ConfigurationError(f"--category {category!r} is unknown; there are: {listed}")
    return fitting[0]


def _categories(config: EagleConfig, dataset: str, project: Path) -> list[str]:
    """Of a dataset that is there, or of the demo that will be made."""
    if is_generated(config, dataset, project) and not config.datasets[dataset].root.is_dir():
        return sorted({path.partition("/")[0] for path in load_manifest()})
    try:
        return list(dataset_of(config, dataset).categories)
    except DataError:
        if len(config.datasets) == 1:
            raise
        return []
