"""Writes a new project's files: params.yaml with one dataset, and what git leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from tasks.machinery.params_file import add_dataset

PARAMS = "params.yaml"
LEFT_OUT = "/.eagle/\n/runs/\n/station/\n/mlflow.db*\n/mlruns/\n/mlartifacts/\n"
DATA_LEFT_OUT = "*\n!*.dvc\n!.gitignore\n"


def write_project(folder: Path, name: str, dataset: Mapping[str, str]) -> None:
    """Write them into ``folder``, params.yaml last; other files that are there stay."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    write_if_missing(folder / "data/.gitignore", DATA_LEFT_OUT)
    write_if_missing(folder / ".gitignore", LEFT_OUT)
    aside = folder / f".{PARAMS}"
    aside.write_text(template(PARAMS), encoding="utf-8")
    add_dataset(aside, name, dataset, make_default=True)
    aside.replace(folder / PARAMS)


def template(name: str) -> str:
    """A file of this folder, as text."""
    return (files("tasks.starting") / name).read_text(encoding="utf-8")


def write_if_missing(path: Path, text: str) -> None:
    """Write ``text`` where there is no file yet."""
    if not path.exists():
        path.write_text(text, encoding="utf-8")
