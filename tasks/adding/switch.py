"""Put planned images into the data, whole or not at all, and keep DVC in step."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from eagle_core.errors import DataError
from tasks.adding.staging import Planned
from tasks.machinery.dataset import track


def add_images(planned: Planned, root: Path, project: Path) -> bool:
    """Copy the images to where they were planned; nothing that is there is overwritten.

    Args:
        planned: Files and where they go.
        root: Of the dataset.
        project: Folder of params.yaml.

    Returns:
        Whether DVC tracks the dataset, and so tracks the new images.

    Raises:
        DataError: A file cannot be copied or its name was taken meanwhile, or DVC refuses; then all is as it was.
    """
    is_new = not planned.folder.exists()
    planned.folder.mkdir(parents=True, exist_ok=True)
    done: list[Path] = []
    try:
        with tempfile.TemporaryDirectory(prefix=".adding-", dir=planned.folder.parent) as scratch:
            for source, name in planned.names.items():
                aside = Path(scratch) / name
                shutil.copyfile(source, aside)
                # A link, unlike a rename, refuses a name that is taken.
                os.link(aside, planned.folder / name)
                done.append(planned.folder / name)
        tracked = root.parent == project / "data" and (project / "data" / f"{root.name}.dvc").is_file()
        if tracked:
            track(project, root.name)
        return tracked
    except (OSError, DataError) as error:
        for path in done:
            path.unlink(missing_ok=True)
        if is_new:
            planned.folder.rmdir()
        raise DataError(f"{planned.folder}: nothing was added ({error})") from error
