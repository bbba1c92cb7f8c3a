"""Stage of Echo's knowledge about one category: where it comes from, and what is condensed for each question type.

The result is ``knowledge.json``, made to be read: reviewed copies in ``echo.reviewed`` are used in its place.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eagle_core.config import EagleConfig
from eagle_core.data.demo import SCENES_FILE, load_scenes
from eagle_core.data.images import read_image_of
from eagle_core.echo.condenser import condensed_by
from eagle_core.echo.knowledge import Knowledge, condensed_by_rule, knowledge_of, knowledge_of_generated
from eagle_core.errors import ConfigurationError, DataError
from eagle_core.names import short_name
from eagle_core.records import QuestionType
from tasks.machinery.holders import identity_of, turn_of
from tasks.machinery.inputs import category_of, store_of
from tasks.machinery.store import Entry, file_sha256

VERSION = 1
FILE = "knowledge.json"
RULE_BASED = "rule_based"


def gather(config: EagleConfig, dataset: str, category: str) -> Entry:
    """Find, condense and write what is known of a category; an empty text where nothing is."""
    reviewed = _reviewed_file(config, dataset, category)
    known = None if reviewed else _known(config, dataset, category)
    inputs: dict[str, Any] = {
        "reviewed": file_sha256(reviewed) if reviewed else None,
        "knowledge": None if known is None else [known.product, known.source, dict(known.by_kind)],
        "condenser": _condenser_key(config),
        "types": sorted(config.echo.modules),
    }

    def compute(folder: Path) -> None:
        if reviewed:
            text = json.dumps(_read_reviewed(reviewed), indent=1)
        else:
            text = json.dumps(_described(config, dataset, category, known), indent=1)
        (folder / FILE).write_text(text, encoding="utf-8")

    return store_of(config).get_or_compute("knowledge", VERSION, inputs, compute)


def text_for(entry: Entry, config: EagleConfig, question_type: QuestionType) -> str:
    """What the Knowledge Guide says about a question of a type under ``echo.knowledge``."""
    if config.echo.knowledge == "none":
        return ""
    stored = json.loads((entry.path / FILE).read_text(encoding="utf-8"))
    return str(stored["domain"] if config.echo.knowledge == "domain" else stored["condensed"][question_type])


def _known(config: EagleConfig, dataset: str, category: str) -> Knowledge | None:
    path = config.echo.knowledge_file
    if path is not None:
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(f"echo.knowledge_file {path}: cannot be read ({error}); name MMAD's domain_knowledge.json") from error
        holders = [name for name, products in stored.items() if category in products]
        if not holders:
            raise DataError(f"echo.knowledge_file {path}: nothing about {category!r}")
        return knowledge_of(stored, holders[0], category)
    root = config.datasets[dataset].root
    if (root / category / SCENES_FILE).is_file():
        scenes = load_scenes(root, category)
        first = next(iter(scenes.values()))
        kinds = sorted({scene.defect.kind for scene in scenes.values() if scene.defect is not None})
        return knowledge_of_generated(category, first.object_name, first.color, tuple(kinds))
    return None


def _described(config: EagleConfig, dataset: str, category: str, known: Knowledge | None) -> dict[str, Any]:
    types = sorted(config.echo.modules)
    if known is None:
        return {"product": category, "source": None, "condenser": None, "domain": "", "condensed": dict.fromkeys(types, "")}
    if config.echo.condenser == RULE_BASED:
        condensed = {kind: condensed_by_rule(known, kind) for kind in types}
    else:
        normal = read_image_of(category_of(config, dataset, category).train[0])
        with turn_of(config, config.echo.condenser) as model:
            condensed = {kind: condensed_by(model, known, kind, normal) for kind in types}
    return {
        "product": known.product,
        "source": known.source,
        "condenser": config.echo.condenser,
        "domain": known.whole(),
        "condensed": condensed,
    }


def _condenser_key(config: EagleConfig) -> Any:
    name = config.echo.condenser
    if name == RULE_BASED:
        return name
    if name not in config.mllms:
        raise ConfigurationError(f"echo.condenser {name!r} is neither {RULE_BASED} nor one of mllms: {', '.join(config.mllms)}")
    return identity_of(config, name).key()


def _reviewed_file(config: EagleConfig, dataset: str, category: str) -> Path | None:
    if config.echo.reviewed is None:
        return None
    path = config.echo.reviewed / dataset / f"{short_name(category)}.json"
    return path if path.is_file() else None


def _read_reviewed(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {
            "product": str(stored["product"]),
            "source": stored["source"],
            "condenser": "reviewed",
            "domain": str(stored["domain"]),
            "condensed": {str(k): str(v) for k, v in stored["condensed"].items()},
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: not a knowledge file ({error}); start from knowledge/ in a run's folder") from error
