"""``report.html`` of a run folder, kept in the store like a stage."""

from __future__ import annotations

import shutil
from pathlib import Path

from eagle_core.config import EagleConfig
from eagle_core.errors import ConfigurationError
from tasks.machinery.inputs import store_of
from tasks.machinery.store import file_sha256
from tasks.report.kept_stages import STAGES

VERSION = 9
PAGE = "report.html"


def write_page(folder: Path, config: EagleConfig) -> Path:
    """Write ``report.html`` into a run folder; unchanged inputs take it from the store.

    Raises:
        ConfigurationError: ``folder`` is no run folder.
    """
    missing = [name for name in ("summary.json", "records.parquet", STAGES) if not (folder / name).is_file()]
    if missing:
        raise ConfigurationError(f"{folder}: no run folder, it lacks {', '.join(missing)}; run `eagle run` first")
    inputs = {
        "files": {name: file_sha256(folder / name) for name in ("summary.json", "records.parquet", STAGES)},
        "report": config.report.model_dump(mode="json"),
    }

    def compute(target: Path) -> None:
        # Imported here: they bring the drawing, and a page that is in the store needs none.
        from eagle_core.report.page.render import render
        from tasks.report.gathered import gather

        (target / PAGE).write_text(render(gather(folder, config)), encoding="utf-8")

    entry = store_of(config).get_or_compute("page", VERSION, inputs, compute)
    aside = folder / f".{PAGE}"
    shutil.copyfile(entry.path / PAGE, aside)
    return aside.replace(folder / PAGE)
