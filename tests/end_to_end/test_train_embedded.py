"""The training, whole and stage by stage, as one types it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from safetensors.numpy import load_file

from eagle_core.training.architecture import READER
from eagle_core.training.instructed import KEPT
from eagle_core.training.towers import CHOSEN
from tests import forks
from tests.prefect_server import api_url

PROJECT = Path(__file__).parents[2]


def train(tmp_path: Path, *options: str) -> list[str]:
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "PREFECT_API_URL": api_url(), "PREFECT_HOME": str(tmp_path / ".prefect"), "COLUMNS": "200"}
    done = forks.start(("--out", "out", "--threads", "1", *options), tmp_path, environment, "flows.train_embedded").ended()
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip().splitlines()


def test_the_language_stage_says_whether_its_gate_is_passed(tmp_path: Path) -> None:
    *_, letters, named, never_named, gate = train(tmp_path, "--stage", "language", "--steps", "1", "--questions", "2")
    assert letters.startswith("seed 0: right letters anomaly_detection ")
    assert named.startswith("  looks and effects of kinds named in training, by knowledge: known ")
    assert never_named.startswith("  looks and effects of kinds never named in training, by knowledge: known ")
    assert gate.startswith("gate not passed: ") and gate.endswith("0.98 required")
    folder = tmp_path / "out/seed-0/reading"
    described = json.loads((folder / "gate.json").read_text())
    assert described["gate"]["passed"] is False and described["schedule"]["steps"] == 1 and described["gate"]["questions_of_each"] == 2
    weights = load_file(folder / "decoder.safetensors")
    assert {w.dtype.name for w in weights.values()} == {"float16"}
    assert weights["embed_tokens.weight"].shape[1] == READER.hidden
    assert {name.split(".")[1] for name in weights if name.startswith("layers.")} == {str(i) for i in range(READER.layers)}


def test_acuity_is_measured_for_the_towers_that_are_named(tmp_path: Path) -> None:
    *_, coarse, fine = train(
        tmp_path, "--stage", "acuity", "--tower", "lite0-49-last", "--tower", CHOSEN, "--steps", "1", "--categories", "8"
    )
    figures = json.loads((tmp_path / "out/acuity.json").read_text())
    assert list(figures) == ["lite0-49-last", CHOSEN]
    for line, (tower, measured) in zip((coarse, fine), figures.items(), strict=True):
        assert line.startswith(f"{tower}: auroc {measured['auroc']:.3f} alone ")
        assert all(0 <= share <= 1 for share in measured.values())


def test_all_stages_in_one_command_say_whether_their_gates_are_passed(tmp_path: Path) -> None:
    said = train(tmp_path, "--steps", "2", "--categories", "8", "--questions", "2", "--prior-reliability", "0.5")
    letters, read, compared, alone, aligned, seen, never, instructed = (line for line in said if not line.startswith("  "))
    assert letters.startswith("seed 0: right letters ") and read.endswith("0.98 required")
    assert compared.startswith("seed 0: right in captions, compared: object ")
    assert alone.startswith("seed 0: right in captions, alone: object ")
    assert aligned == "gate not passed; required beside a template: kind 0.700 place 0.800"
    folder = tmp_path / "out/seed-0/alignment"
    described = json.loads((folder / "gate.json").read_text())
    assert described["gate"]["passed"] is False and described["tower"]["name"] == CHOSEN and described["gate"]["categories"] == 8
    assert described["reading"]["questions_of_each"] == 2
    weights = load_file(folder / "model.safetensors")
    assert {w.dtype.name for w in weights.values()} == {"float16"}
    assert not [name for name in weights if ".network." in name]

    assert (seen, never) == ("seed 0, families seen:", "seed 0, families never seen:")
    assert instructed.startswith("gate not passed; required of families never seen: balanced_accuracy 0.800 auroc 0.880 ")
    still_read = [line for line in said if line.startswith("  scenes in words, as in the language stage: ")]
    in_the_middle = [line for line in said if line.startswith("  known in the middle: auroc ")]
    by_knowledge = [line for line in said if line.startswith("  looks and effects of kinds ")]
    assert (len(still_read), len(in_the_middle), len(by_knowledge)) == (2, 2, 3 * 2)
    folder = tmp_path / "out/seed-0/instruction"
    described = json.loads((folder / "gate.json").read_text())
    assert described["schedule"]["steps"] == 2 and described["prior_reliability"] == 0.5 and 0.2 <= described["temperature"] <= 5
    assert sum(part["images"] for part in described["gate"]["reliability"]) == 2 * described["gate"]["categories"] == 16
    assert set(load_file(folder / "model.safetensors")) == set(weights)
    assert json.loads((tmp_path / "out/seed-0/model/config.json").read_text())["model_type"] == "fast_vlm"


def test_instruction_begins_with_what_an_earlier_training_left(tmp_path: Path) -> None:
    train(tmp_path, "--stage", "instruction", "--seed", "1", "--steps", "1", "--categories", "8", "--questions", "2", "--categories-seed", "5")
    kept, left = load_file(KEPT), load_file(tmp_path / "out/seed-1/instruction/model.safetensors")
    assert set(kept) == set(left)
    name = "model.multi_modal_projector.linear_1.weight"
    moved = abs(left[name].astype(float) - kept[name].astype(float)).max()
    assert 0 < moved < 0.01, "one step at a rate of 0.001"
    described = json.loads((tmp_path / "out/seed-1/model/training.json").read_text())
    assert described == json.loads((tmp_path / "out/seed-1/instruction/gate.json").read_text())
    assert (described["seed"], described["categories_seed"]) == (1, 5)
    assert (tmp_path / "out/seen" / f"{CHOSEN}-5-8").is_dir()
