"""The extractor as an ONNX graph: written by torch, computed by ONNX Runtime."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from eagle_core.errors import ConfigurationError
from eagle_core.expert.backbone import Backbone
from eagle_core.expert.runtimes.features import Compute

INPUT = "image"
OPSET = 18


class _Embedding(torch.nn.Module):
    """From the normalised image to the patch features, pooled and put together."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.model = backbone.model

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.model.embed(batch)


def write_onnx(backbone: Backbone, size: tuple[int, int], file: Path) -> None:
    """Write torch's extractor as one ONNX file.

    Args:
        backbone: torch's.
        size: (height, width) of what it will be given.
        file: Where to.

    Raises:
        ConfigurationError: The package onnx is missing, or the network has something that ONNX has not.
    """
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise ConfigurationError("writing ONNX needs a package: pip install 'eagle-iad[onnx]'") from error
    with warnings.catch_warnings():
        # torch announces its newer exporter, which needs two packages more and writes the same graph.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            torch.onnx.export(
                _Embedding(backbone).eval(), (torch.zeros(1, 3, *size, device=backbone.device),), file,
                input_names=[INPUT], output_names=["patches"], opset_version=OPSET, dynamo=False,
            )  # fmt: skip
        except torch.onnx.errors.OnnxExporterError as error:
            raise ConfigurationError(f"{backbone.architecture.name} cannot be written as ONNX: {error}") from error


def open_onnx(file: Path, threads: int) -> Compute:
    """The graph of a file, ready to compute.

    Raises:
        ConfigurationError: ONNX Runtime is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ConfigurationError(f"{file} is computed by ONNX Runtime, which is not installed: pip install 'eagle-iad[onnx]'") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Its threads would keep turning between two images, on the cores where torch searches the bank.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {INPUT: image})[0]
