"""Echo and EAGLE + Echo through the whole flow."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd

from flows.cli.options import PARTIAL


def test_echo_runs_beside_the_others(finished, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    root = tmp_path / "copy"
    shutil.copytree(finished.root, root, symlinks=True, ignore=shutil.ignore_patterns("runs", "mlflow.db", ".prefect"))
    project = type(finished)(root)
    before = project.entries("answer")
    project.eagle("run", "--set", "methods=[expert, mllm, eagle, echo, eagle_echo]")
    records = project.records()
    by_method = {m: part.set_index("image_id").sort_index() for m, part in records.groupby("method")}

    # Detection is reference + decision: the 1-shot+ prompt, so the very same answers, found in the store.
    for echo, same in (("echo", "mllm"), ("eagle_echo", "eagle")):
        pd.testing.assert_series_equal(by_method[echo].p_defect, by_method[same].p_defect)
        assert (by_method[echo].prompt_sha256 == by_method[same].prompt_sha256).all()
        assert [list(t) for t in by_method[echo].template_ids] == [list(t) for t in by_method[same].template_ids]
    assert project.entries("answer") == before
    assert project.entries("memory") and project.entries("knowledge")

    [knowledge] = sorted((root / "runs").glob("*/knowledge/small/*.json"))[:1]
    known = json.loads(knowledge.read_text())
    assert known["source"] == "generator_record"
    assert known["condenser"] == "rule_based"
    assert all(known["condensed"].values())

    again = project.eagle("run", "--set", "methods=[expert, mllm, eagle, echo, eagle_echo]")
    assert "stages: 0 computed" in again.stdout


def test_looking_texts_up_without_clip_is_a_line_not_a_crash(finished, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    root = tmp_path / "copy"
    shutil.copytree(finished.root, root, symlinks=True, ignore=shutil.ignore_patterns("runs", "mlflow.db", ".prefect"))
    project = type(finished)(root)
    done = project.eagle("run", "--set", "methods=[expert, echo]", "--set", "echo.retrieval=text", check=False)
    assert done.returncode == PARTIAL
    assert "needs a CLIP model as echo.encoder" in done.stdout + done.stderr
    assert set(project.records().method) == {"expert"}
