"""Experiments one after another in one process: ``python -m tests.end_to_end.all_experiments CATEGORY NAME …``."""

from __future__ import annotations

import sys

from flows.experiment import experiment


def main(category: str, *names: str) -> None:
    """``category``: the only one that seven experts are fitted of."""
    # Without a third fold, and on smaller images: whether every expert runs is asked, not how good it is.
    fewer = {"datasets.small.categories": [category], "expert.folds": 2, "expert.preprocessing.resize": 64}
    for name in names:
        experiment(name=name, profile="demo", overrides=fewer if name == "experts" else {})


if __name__ == "__main__":
    main(*sys.argv[1:])
