"""The folder is the architecture: who may import whom, and what may never be on a load path."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for package in ("eagle_core", "tasks", "flows") for p in (ROOT / package).rglob("*.py"))


@cache
def imported(path: Path) -> frozenset[str]:
    """Top-level packages imported anywhere in a file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return frozenset(found)


def importers(package: str) -> set[str]:
    """Files that import ``package`` or anything in it, relative to the project."""
    return {
        p.relative_to(ROOT).as_posix()
        for p in SOURCES
        if any(name == package or name.startswith(f"{package}.") for name in imported(p))
    }


def test_one_importer_each() -> None:
    registry = {"tasks/carrying/registering.py", "tasks/carrying/model_code.py"}
    assert importers("mlflow") == {"tasks/machinery/tracking.py"} | registry
    assert importers("dvc") <= {"tasks/machinery/dataset.py"}
    assert {p for p in importers("yaml") if p.startswith("tasks/")} <= {"tasks/machinery/params.py", "tasks/machinery/dataset.py"}


def test_the_core_is_pure() -> None:
    forbidden = ("prefect", "mlflow", "dvc", "tasks", "flows", "yaml", "typer")
    assert {f: {p for p in importers(f) if p.startswith("eagle_core/")} for f in forbidden} == {
        f: set() for f in forbidden
    }


def test_only_the_expert_imports_anomalib_when_attention_is_used_alone() -> None:
    assert not [p for p in importers("anomalib") if p.startswith(("eagle_core/attention", "eagle_core/mllm"))]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_pickle_and_no_long_files(path: Path) -> None:
    assert not {"pickle", "joblib", "dill"} & imported(path)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
