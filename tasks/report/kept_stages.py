"""Which entries of the store a run was made from: noted in its folder, for a report made later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from eagle_core.config import EagleConfig
from tasks.graph.values import CategoryResult
from tasks.machinery.inputs import store_of
from tasks.machinery.pruning import note_needed
from tasks.machinery.store import Entry

STAGES = "stages.json"
SHOWN_STAGES = ("expert", "predictions", "threshold")
CategoryStages = dict[str, Entry]


def keep_stages(results: Sequence[CategoryResult], folder: Path) -> None:
    """Note them in the run folder."""
    kept = {
        f"{result.name.dataset}/{result.name.category}": {
            stage: entry.key for stage in SHOWN_STAGES if isinstance(entry := getattr(result, stage), Entry)
        }
        for result in results
    }
    (folder / STAGES).write_text(json.dumps(kept, indent=1, sort_keys=True), encoding="utf-8")
    note_needed((entry for result in results for entry in result.sources()), folder)


def stages_of(folder: Path, config: EagleConfig) -> tuple[int, dict[tuple[str, str], CategoryStages]]:
    """How many categories were noted, and the entries that the store still holds, of those for which it holds all."""
    kept = json.loads((folder / STAGES).read_text(encoding="utf-8"))
    store = store_of(config)
    found: dict[tuple[str, str], CategoryStages] = {}
    for name, keys in kept.items():
        dataset, _, category = name.partition("/")
        entries = {stage: store.find(stage, key) for stage, key in keys.items()}
        if set(entries) == set(SHOWN_STAGES) and all(entries.values()):
            found[dataset, category] = {stage: entry for stage, entry in entries.items() if entry}
    return len(kept), found
