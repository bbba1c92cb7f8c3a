"""How many different parts the normal images of fitted categories show. Looks up what is in the store; fits nothing."""

from __future__ import annotations

from collections.abc import Iterator

from eagle_core.config import EagleConfig
from eagle_core.errors import EagleError
from tasks.preflight.finding import Finding


def variety_findings(config: EagleConfig) -> Iterator[Finding]:
    """A line for each category whose expert is in the store."""
    if not (config.run.cache_dir / "expert").is_dir():
        return
    # Imported here: they bring pandas, and torch.
    from tasks.machinery.inputs import dataset_of
    from tasks.machinery.store import NotThere, only_looking
    from tasks.stages import expert, threshold

    for dataset in config.datasets:
        try:
            names = list(dataset_of(config, dataset).categories)
        except EagleError:
            continue
        for name in names:
            try:
                with only_looking():
                    fitted = expert.fit(config, dataset, name)
                said = threshold.variety_told(config, fitted)
            except (NotThere, EagleError):
                continue
            yield Finding("variety", f"{dataset}/{name}: {said}")
