"""The file that says in words what each image of a category shows, for whoever asks questions about it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eagle_core.data.demo.plan import SCENES_FILE
from eagle_core.data.scene import DefectRecord, SceneRecord
from eagle_core.errors import DataError


def load_scenes(root: Path, category: str) -> dict[str, SceneRecord]:
    """What every image of ``category`` shows, by image path below ``root`` (the samples' image_id).

    Raises:
        DataError: The file is missing or cannot be read.
    """
    path = root / category / SCENES_FILE
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {image: _scene(fields) for image, fields in stored.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); generate it with `eagle data fetch demo`") from error


def encode_scenes(scenes: Mapping[str, SceneRecord]) -> bytes:
    """The bytes of the file, one image a line."""
    lines = (f"{json.dumps(image)}: {json.dumps(dataclasses.asdict(scene))}" for image, scene in sorted(scenes.items()))
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _scene(fields: dict[str, Any]) -> SceneRecord:
    defect = fields["defect"]
    if defect is not None:
        defect = DefectRecord(**{**defect, "box": tuple(defect["box"])})
    return SceneRecord(**{**fields, "defect": defect})
