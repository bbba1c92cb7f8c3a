"""How many different parts the normal images of fitted categories show. Looks up what is in the store; fits nothing."""

from __future__ import annotations

from collections.abc import Iterator

from eagle_core.config import EagleConfig
from eagle_core.errors import EagleError
from tasks.machinery.inputs import dataset_of
from tasks.machinery.store import Entry, NotThere, only_looking
from tasks.preflight.finding import Finding
from tasks.stages import expert, threshold


def variety_findings(config: EagleConfig) -> Iterator[Finding]:
    """A line for each category whose expert is in the store."""
    if not (config.run.cache_dir / "expert").is_dir():
        return
    for dataset in config.datasets:
        try:
            names = list(dataset_of(config, dataset).categories)
        except EagleError:
            continue
        for name in names:
            try:
                with only_looking():
                    fitted = expert.fit(config, dataset, name)
                said = _of_a_run(config, dataset, name, fitted) or threshold.variety_told(config, fitted)
            except (NotThere, EagleError):
                continue
            yield Finding("variety", f"{dataset}/{name}: {said}")


def _of_a_run(config: EagleConfig, dataset: str, category: str, fitted: Entry) -> str | None:
    """What a run found when it fitted the threshold; None where none did."""
    try:
        with only_looking():
            read = expert.score(config, dataset, category, fitted)
            return threshold.read_threshold(threshold.fit(config, dataset, category, fitted, read)).variety
    except NotThere:
        return None
