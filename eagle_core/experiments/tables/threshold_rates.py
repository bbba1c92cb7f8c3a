"""False alarms of each threshold rule against its target."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from eagle_core.experiments.tables.answered import Answered
from eagle_core.experiments.tables.rates import rate_columns


def threshold_rates(groups: Sequence[Answered]) -> pd.DataFrame:
    """False alarms of the expert over all categories against the target of the rule; interval: Wilson, 95 %."""
    rows = []
    for group in groups:
        if group.method != "expert":
            continue
        records = group.records.dropna(subset=["is_defective"])
        if not records["is_defective"].astype(bool).all():
            rows.append({"point": group.point, "dataset": group.dataset, **rate_columns(records, group.config.threshold)})
    return pd.DataFrame(rows)
