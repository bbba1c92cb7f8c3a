"""What guiding the MLLM was worth: each method against what it builds on, on the same images."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from eagle_core.config import EvaluationConfig
from eagle_core.evaluation.summary import MACRO

METRIC = "balanced_accuracy_macro"
PAIRS = (
    ("eagle", "expert"),
    ("eagle", "mllm"),
    ("eagle", "eagle_no_caas"),
    ("eagle_no_caas", "expert"),
    ("mllm", "expert"),
    ("echo", "mllm"),
    ("eagle_echo", "eagle"),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """``method`` minus ``baseline`` in macro balanced accuracy, and McNemar's test of the verdicts."""

    dataset: str
    mllm: str
    method: str
    baseline: str
    difference: float | None
    low: float | None
    high: float | None
    only_method_right: int
    only_baseline_right: int
    p_value: float

    @property
    def is_null(self) -> bool:
        """The interval holds zero: no difference was shown."""
        return self.low is None or self.high is None or self.low <= 0 <= self.high


def compare(records: pd.DataFrame, config: EvaluationConfig, seed: int) -> tuple[Comparison, ...]:
    """All of ``PAIRS`` that ``records`` allow; a pair that did not answer the same images is left out.

    Args:
        records: Of one run.
        config: Bootstrap samples and confidence.
        seed: Of the bootstrap.
    """
    found = []
    answered = records[["dataset", "category", "image_id", "question_id", "mllm", "method"]].drop_duplicates()
    counts = answered.groupby(["dataset", "mllm", "method"]).size()
    for method, baseline in PAIRS:
        both = records[records["method"].isin((method, baseline))]
        for dataset in both["dataset"].unique():
            mine = both[both["dataset"] == dataset]
            sizes = {int(n) for (d, _, m), n in counts.items() if d == dataset and m in (method, baseline)}
            if len(sizes) == 1:
                found += _pair(mine, method, baseline, config, seed)
    return tuple(found)


def _pair(
    records: pd.DataFrame, method: str, baseline: str, config: EvaluationConfig, seed: int
) -> list[Comparison]:
    # With them come torch and SciPy: a comparison that is read back needs neither.
    from eagle_core.evaluation.differences import paired_differences
    from eagle_core.evaluation.mcnemar import mcnemar

    differences = paired_differences(records, method, baseline, config, seed)
    macro = differences[(differences["scope"] == MACRO) & (differences["metric"] == METRIC)]
    tests = {(row.dataset, row.mllm): row for row in mcnemar(records, method, baseline).itertuples()}
    found = []
    for row in macro.itertuples():
        test = tests[(row.dataset, row.mllm)]
        value, low, high = (None if pd.isna(v) else float(v) for v in (row.difference, row.low, row.high))
        found.append(
            Comparison(
                row.dataset, row.mllm, method, baseline, value, low, high,
                int(test.only_method_right), int(test.only_baseline_right), float(test.p_value),
            )
        )
    return found
