"""Exported files as versions of a registered model in MLflow, and the way back."""

from __future__ import annotations

from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

import eagle_core
from eagle_core.config import EagleConfig, OtherRuntime
from eagle_core.errors import DataError
from tasks.carrying import model_code

ARTIFACT = "expert"
SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec("binary", "image")]),
    outputs=Schema([ColSpec("string", "verdict"), ColSpec("double", "score"), ColSpec("double", "tau"), ColSpec("string", "reason")]),
)


def register_export(config: EagleConfig, file: Path, name: str, runtime: OtherRuntime | None = None) -> str:
    """A new version of the registered model ``name``; returns its address, such as models:/wood/3.

    The model is code by reference (``model_code``) and the exported file: nothing is pickled. ``runtime`` is whose extractor
    the file brings: the registered model requires it.
    """
    mlflow.set_tracking_uri(config.tracking.tracking_uri)
    mlflow.set_experiment(config.tracking.experiment)
    with mlflow.start_run(run_name=f"export {name}"):
        logged = mlflow.pyfunc.log_model(
            name=name,
            python_model=str(Path(model_code.__file__)),
            artifacts={ARTIFACT: str(file)},
            signature=SIGNATURE,
            pip_requirements=[f"eagle-iad{f'[{runtime}]' if runtime else ''}=={eagle_core.__version__}"],
            registered_model_name=name,
        )
    return f"models:/{name}/{logged.registered_model_version}"


def registered_export(config: EagleConfig, address: str) -> Path:
    """The exported file of a registered version, on this machine.

    Raises:
        DataError: There is no such version, or it is none of Eagle's.
    """
    try:
        folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=address, tracking_uri=config.tracking.tracking_uri))
    except (MlflowException, OSError) as error:
        raise DataError(f"{address} cannot be had from {config.tracking.tracking_uri} ({error}); `eagle export CATEGORY --register NAME` makes one") from error
    found = sorted((folder / "artifacts").glob("*.eagle"))
    if len(found) != 1:
        raise DataError(f"{address} is no model that `eagle export CATEGORY --register NAME` made: it holds no .eagle file")
    return found[0]
