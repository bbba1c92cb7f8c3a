"""The first stage of the staged training, as one types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from safetensors.numpy import load_file

from eagle_core.training.architecture import READER
from tests.prefect_server import api_url

PROJECT = Path(__file__).parents[2]


def test_the_language_stage_says_whether_its_gate_is_passed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flows.train_embedded", "--out", "out", "--stage", "language", "--steps", "1", "--questions", "2", "--threads", "1"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PROJECT), "PREFECT_API_URL": api_url(), "PREFECT_HOME": str(tmp_path / ".prefect"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *_, letters, unseen, gate = done.stdout.strip().splitlines()
    assert letters.startswith("seed 0: right letters anomaly_detection ")
    assert unseen.startswith("kinds never named in training: known ")
    assert gate.startswith("gate not passed: ") and gate.endswith("0.98 required")
    folder = tmp_path / "out/seed-0/reading"
    described = json.loads((folder / "gate.json").read_text())
    assert described["gate"]["passed"] is False and described["schedule"]["steps"] == 1 and described["gate"]["questions_of_each"] == 2
    weights = load_file(folder / "decoder.safetensors")
    assert {w.dtype.name for w in weights.values()} == {"float16"}
    assert weights["embed_tokens.weight"].shape[1] == READER.hidden
    assert {name.split(".")[1] for name in weights if name.startswith("layers.")} == {str(i) for i in range(READER.layers)}
