"""What a command says before anything heavy is imported, and that an error of ours is one line everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
HEAVY = {"torch", "transformers", "timm", "prefect", "mlflow", "dvc", "anomalib", "sklearn", "pandas", "matplotlib"}
SCRIPT = """
import json, sys
from flows.cli.main import main
code = 0
try:
    main()
except SystemExit as ended:
    code = ended.code
print(json.dumps({"code": code, "modules": sorted(name for name in sys.modules if "." not in name)}))
"""


def run_here(folder: Path, *arguments: str) -> tuple[int, set[str], str]:
    """Exit code, top-level modules that were imported, and standard error of a command in ``folder``."""
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return told["code"], set(told["modules"]), done.stderr


@pytest.mark.parametrize("verb", [("run",), ("doctor",), ("inspect", "x.png"), ("sweep", "--set", "caas.alpha=0,1")])
def test_a_missing_params_file_is_told_before_anything_is_imported(verb: tuple[str, ...], tmp_path: Path) -> None:
    code, modules, said = run_here(tmp_path, *verb)
    assert (code, len(said.splitlines())) == (2, 1)
    assert said.startswith("error: params.yaml does not exist")
    assert not modules & HEAVY


@pytest.mark.parametrize(
    "verb", [("run",), ("sweep", "--set", "caas.alpha=0,1"), ("experiment", "run", "eagle-table3"), ("inspect", str(PROJECT / "README.md"))]
)
def test_missing_data_are_one_line_before_anything_is_imported(verb: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text((PROJECT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    code, modules, said = run_here(tmp_path, *verb, "--profile", "mvtec")
    *notices, told = said.splitlines()
    assert code == 2
    assert all(notice.startswith("the weights of wide_resnet50_2 (the paper's backbone) cannot") for notice in notices)
    assert "mvtec_ad: no such folder" in told
    assert "eagle data fetch" in said
    assert not modules & HEAVY


def test_a_missing_image_is_told_at_once(tmp_path: Path) -> None:
    """Before the demo is generated and an expert is fitted."""
    (tmp_path / "params.yaml").write_text((PROJECT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    code, modules, said = run_here(tmp_path, "inspect", "/no/such/file.png")
    assert (code, said.splitlines()) == (1, ["error: /no/such/file.png: no such file"])
    assert not modules & HEAVY
    assert not (tmp_path / "data").exists()


def test_a_variant_that_an_experiment_does_not_have_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text((PROJECT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    code, modules, said = run_here(tmp_path, "experiment", "run", "experts", "--variant", "PaDiM*", "--variant", "PatchCore, Lite0")
    assert code == 2
    assert said.startswith("error: experiment experts has no variant 'PatchCore, Lite0'; there are: PatchCore, EfficientNet-Lite0; ")
    assert not modules & HEAVY


def test_doctor_builds_the_expert_with_torch_alone(tmp_path: Path) -> None:
    """It loads the very network that judges, so that a broken installation is seen; more it need not import."""
    (tmp_path / "params.yaml").write_text((PROJECT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    code, modules, said = run_here(tmp_path, "doctor")
    assert code == 0, said
    assert modules & HEAVY == {"torch"}


def test_doctor_tells_a_library_that_is_not_installed_whole(tmp_path: Path) -> None:
    """Without importing it: a file of its wheel is gone."""
    (tmp_path / "params.yaml").write_text((PROJECT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    facts = tmp_path / "libraries" / "timm-9.9.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: timm\nVersion: 9.9\n", encoding="utf-8")
    (facts / "RECORD").write_text("timm/__init__.py,sha256=x,5\n", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": f"{facts.parent}:{PROJECT}", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli.main", "doctor"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 1
    assert "timm 9.9: timm/__init__.py is not as it was installed; pip install --force-reinstall --no-deps timm==9.9" in done.stdout
    assert "transformers" in done.stdout and "installed whole" in done.stdout
