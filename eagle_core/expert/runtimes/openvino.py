"""The extractor in OpenVINO's own form: made of the ONNX graph, computed by OpenVINO on the processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from eagle_core.errors import ConfigurationError
from eagle_core.expert.runtimes.features import Compute


def write_openvino(graph: Path, file: Path) -> None:
    """Write the ONNX ``graph`` as ``file`` (.xml, with its weights beside it as .bin), at full precision.

    Raises:
        ConfigurationError: OpenVINO is not installed.
    """
    openvino = _openvino()
    openvino.save_model(openvino.Core().read_model(str(graph)), str(file), compress_to_fp16=False)


def open_openvino(file: Path, threads: int) -> Compute:
    """The graph of a file, ready to compute.

    Raises:
        ConfigurationError: OpenVINO is not installed.
    """
    # Processors with bfloat16 would compute in it by themselves: faster, and other scores than those the threshold was made of.
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    compiled = _openvino().Core().compile_model(str(file), "CPU", settings)
    return lambda image: np.asarray(compiled(image)[0])


def _openvino() -> Any:
    try:
        import openvino
    except ImportError as error:
        raise ConfigurationError("OpenVINO is asked for and not installed: pip install 'eagle-iad[openvino]'") from error
    return openvino
