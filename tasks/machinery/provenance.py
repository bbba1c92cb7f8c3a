"""Where a result comes from: commit, parameters, data, library versions; and the run's identity made of them."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eagle_core.config import EagleConfig

LIBRARIES = ("anomalib", "dvc", "faiss-cpu", "mlflow", "numpy", "pillow", "prefect", "torch", "transformers")
WHERE_NOT_WHAT: Any = {"run": {"output_dir", "cache_dir", "engine"}, "tracking": True, "report": True, "service": True}
"""Parameters that say where or how fast a run executes, never what comes out."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Everything that a run's results follow from."""

    run_id: str
    """12 hex digits. The same commit, parameters and data give the same id: a rerun continues, never doubles."""
    git_commit: str
    params_sha256: str
    data_hashes: dict[str, str]
    """Dataset -> DVC hash; what is absent is missing here."""
    versions: dict[str, str]


def provenance_of(config: EagleConfig, data_hashes: dict[str, str], project: Path) -> Provenance:
    """Gather the provenance of a run of ``config`` in the project folder ``project``."""
    params, commit = params_sha256(config), git_commit(project)
    return Provenance(
        run_id=_run_id(params, data_hashes, commit),
        git_commit=commit,
        params_sha256=params,
        data_hashes=dict(data_hashes),
        versions={"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in LIBRARIES},
    )


def with_parameters(known: Provenance, config: EagleConfig) -> Provenance:
    """``known`` for other parameters on the same data and commit, with the id that a run of them alone would have."""
    params = params_sha256(config)
    run_id = _run_id(params, known.data_hashes, known.git_commit)
    return dataclasses.replace(known, run_id=run_id, params_sha256=params)


def params_sha256(config: EagleConfig) -> str:
    """Hex digest of every parameter that decides what comes out."""
    described = config.model_dump(mode="json", exclude=WHERE_NOT_WHAT)
    for dataset in described["datasets"].values():
        dataset.pop("root")
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _run_id(params: str, data_hashes: dict[str, str], commit: str) -> str:
    identity = json.dumps([params, sorted(data_hashes.items()), commit])
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def git_commit(project: Path) -> str:
    """The commit checked out in ``project``, with ``-dirty`` where tracked files differ; ``none`` outside git."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=project, capture_output=True, text=True, timeout=30, check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "none"
    return described.stdout.strip()
