"""A run's identity follows from what decides its results, and from nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tasks.machinery.params import load_params
from tasks.machinery.provenance import params_sha256

PARAMS = Path(__file__).parents[3] / "params.yaml"


def test_the_same_parameters_in_another_folder_are_the_same_run(tmp_path: Path) -> None:
    digests = set()
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        shutil.copyfile(PARAMS, tmp_path / name / "params.yaml")
        digests.add(params_sha256(load_params(tmp_path / name / "params.yaml", "demo", {})))
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("key", "value", "same"),
    [
        ("run.output_dir", "elsewhere", True),
        ("run.engine.workers", 3, True),
        ("report.images", 2, True),
        ("service.folder", "elsewhere", True),
        ("run.seed", 7, False),
        ("caas.alpha", 0.3, False),
        ("judging.unlike", "judge", False),
    ],
)
def test_what_changes_no_result_changes_no_identity(key: str, value: object, same: bool) -> None:
    changed = params_sha256(load_params(PARAMS, "demo", {key: value}))
    assert (changed == params_sha256(load_params(PARAMS, "demo", {}))) is same
