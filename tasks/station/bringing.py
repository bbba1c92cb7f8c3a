"""Takes an exported file in: its category is judged here with it, without any training image."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from eagle_core.station.verdict import levels_of
from tasks.carrying.export_file import Carried
from tasks.station import versions
from tasks.station.judge import expert_folder
from tasks.station.schema import Active, ExpertVersion
from tasks.station.station import Station


def bring_in(station: Station, carried: Carried, name: str) -> ExpertVersion:
    """Keep it as an expert version; it judges at once where nothing else does, else a person switches it on.

    Args:
        station: Open.
        carried: Proven.
        name: Of the file, for people.
    """
    target = expert_folder(station.config, carried.sha256)
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=target.parent, prefix="."))
        for file in carried.kit.files:
            shutil.copyfile(carried.folder / file, aside / file)
        aside.rename(target)
    images = len(carried.kit.expert.training_image_ids)
    note = f"from {name}" + (f" ({carried.kit.extractor.runtime})" if carried.kit.extractor else "")
    with station.database.transaction() as session:
        version = versions.add_expert(session, carried.category, carried.sha256, images, by="station", note=note)
        if not versions.has_threshold(session, version):
            made = versions.add_threshold(session, version, levels_of(carried.kit.threshold), name=note, note="", by="station")
            if session.get(Active, carried.category) is None:
                versions.switch(session, made.id, by="station")
    return version
