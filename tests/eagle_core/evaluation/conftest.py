"""Records made by hand for the metric tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eagle_core.record_table import NO_MLLM, Record

MakeRecord = Callable[..., Record]


def make_record(
    category: str,
    number: int,
    defective: bool | None,
    verdict: bool | None,
    *,
    method: str = "eagle",
    p: float | None = None,
    score: float | None = None,
    expert: bool | None = None,
    **others: object,
) -> Record:
    """One row; ``verdict`` None is an answer that could not be parsed."""
    is_expert = method == "expert"
    fields: dict = {
        "dataset": "d",
        "category": category,
        "image_id": f"{category}/test/{number:04}.png",
        "split": "test",
        "is_defective": defective,
        "question_id": "defect",
        "question_type": "anomaly_detection",
        "method": method,
        "mllm": NO_MLLM if is_expert else "tiny",
        "status": "not_asked" if is_expert else "unparsed" if verdict is None else "answered",
        "verdict_defective": verdict,
        "p_defect": p,
        "expert_score": score,
        "expert_verdict": expert,
        "run_id": "r1",
    }
    return Record(**(fields | others))


@pytest.fixture
def record() -> MakeRecord:
    return make_record
