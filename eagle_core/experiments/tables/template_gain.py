"""What a template beside the query adds: answers to the same images with and without one."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from eagle_core.evaluation.differences import paired_differences
from eagle_core.experiments.tables.answered import Answered

WITHOUT, BESIDE = "query_only", "beside_template"


def template_gain(groups: Sequence[Answered]) -> pd.DataFrame:
    """Every verdict metric beside templates less that without one, over the same images, with the paired bootstrap's interval."""
    alone = {(group.dataset, group.mllm, group.method): group for group in groups if group.config.retrieval.shots == 0}
    tables = []
    for group in groups:
        without = alone.get((group.dataset, group.mllm, group.method))
        if group.config.retrieval.shots == 0 or without is None:
            continue
        both = pd.concat([without.records.assign(method=WITHOUT), group.records.assign(method=BESIDE)], ignore_index=True)
        gains = paired_differences(both, BESIDE, WITHOUT, group.config.evaluation, group.config.run.seed)
        gains = gains.drop(columns=["method", "baseline"]).assign(method=group.method, templates=group.config.retrieval.shots)
        tables.append(gains[["dataset", "mllm", "method", "templates", "scope", "metric", "difference", "low", "high", "n"]])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
