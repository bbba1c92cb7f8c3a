"""A run whose MLLM is behind an OpenAI-compatible server: every method but EAGLE with CAAS, the same answers."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from tests.reference.openai_server import SERVED, Served, serving


def test_a_served_mllm_answers_what_needs_no_attention(new_project: Callable, finished) -> None:  # type: ignore[no-untyped-def,type-arg]
    project = new_project()
    with serving(Served()) as url:
        mllms = f"mllms={{embedded: null, served: {{model: {SERVED}, endpoint: {{url: '{url}'}}, batch_size: 4}}}}"
        done = project.eagle("run", "--allow-partial", "--set", mllms, "--set", "explanation.when=never")
    output = " ".join(done.stdout.split())
    assert "not run: served EAGLE, category" in output
    assert "the attention of a served model cannot be guided" in output
    mine, local = project.records(), finished.records()
    assert set(mine["method"]) == {"expert", "mllm", "eagle_no_caas"}
    keys = ["method", "category", "image_id"]
    both = pd.merge(
        mine[mine["mllm"] == "served"].set_index(keys)[["p_defect", "verdict_defective"]],
        local[local["mllm"] == "embedded"].set_index(keys)[["p_defect", "verdict_defective"]],
        left_index=True,
        right_index=True,
    )
    assert len(both) == 2 * len(local.drop_duplicates(["category", "image_id"]))
    assert (both["p_defect_x"] - both["p_defect_y"]).abs().max() < 1e-5
    assert (both["verdict_defective_x"] == both["verdict_defective_y"]).all()
