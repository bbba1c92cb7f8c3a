"""The code of a registered model, which MLflow reads by its path: judges the bytes of image files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from tasks.carrying.export_file import open_export
from tasks.carrying.inspection import inspect_by_file, without_project


class ExportedExpert(PythonModel):
    """A table with a column ``image`` of bytes in; verdict, score, tau and reason out."""

    def load_context(self, context: Any) -> None:
        """Open the exported file, which proves itself."""
        self._config = without_project({"run.cache_dir": tempfile.mkdtemp(prefix="eagle-")})
        self._carried = open_export(self._config, Path(context.artifacts["expert"]))

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """A row for each image, in order; one that cannot be read is ``not judged``."""
        with tempfile.TemporaryDirectory() as scratch:
            paths = []
            for number, content in enumerate(model_input["image"]):
                paths.append(Path(scratch) / f"{number:06}")
                paths[-1].write_bytes(content)
            verdicts, failures = inspect_by_file(self._config, self._carried, paths)
        rows: dict[str, tuple[str, float | None, float | None, str]] = {f.image_id: ("not judged", None, None, f.reason) for f in failures}
        for v in verdicts:
            rows[v.sample.image_id] = (v.headline.word, v.prediction.score, v.threshold.tau, v.headline.reason or "")
        return pd.DataFrame([rows[str(path)] for path in paths], columns=["verdict", "score", "tau", "reason"])


set_model(ExportedExpert())
