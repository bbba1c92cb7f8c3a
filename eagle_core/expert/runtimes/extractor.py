"""A feature extractor in a folder: the files of its runtime, and what it was made of."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter

from eagle_core.config import ExpertConfig, OtherRuntime
from eagle_core.errors import ConfigurationError, DataError
from eagle_core.expert.architecture import Architecture
from eagle_core.expert.backbone import Backbone
from eagle_core.expert.runtimes.features import RuntimeFeatures
from eagle_core.expert.runtimes.onnx import open_onnx, write_onnx
from eagle_core.expert.runtimes.openvino import open_openvino, write_openvino

DESCRIPTION = "extractor.json"
FORMAT_VERSION = 1
FILES: dict[str, tuple[str, ...]] = {"onnx": ("extractor.onnx",), "openvino": ("extractor.xml", "extractor.bin")}
"""Of each runtime; the first is opened."""
PACKAGES = {"onnx": "onnxruntime", "openvino": "openvino"}


@dataclass(frozen=True, slots=True)
class Extractor:
    """What lies in a folder."""

    runtime: OtherRuntime
    architecture: Architecture
    fingerprint: str
    """Of the backbone in torch that it was made of."""
    input_size: tuple[int, int]
    """(height, width) of what it takes."""
    sha256: str
    """Over its files: which graph this is."""

    @property
    def files(self) -> tuple[str, ...]:
        """Names of all that is its own in the folder."""
        return (*FILES[self.runtime], DESCRIPTION)

    def identity(self) -> dict[str, Any]:
        """For people and provenance, as JSON values: the runtime first."""
        version = importlib.metadata.version(PACKAGES[self.runtime])
        return {"runtime": self.runtime, "version": version, "graph_sha256": self.sha256, "backbone": self.fingerprint}


def write_extractor(backbone: Backbone, config: ExpertConfig, runtime: OtherRuntime, folder: Path) -> Extractor:
    """Write ``backbone`` for another runtime into ``folder``.

    Args:
        backbone: torch's.
        config: Of the expert: what its extractor is given.
        runtime: Which.
        folder: An existing one.

    Raises:
        ConfigurationError: The expert computes more than these features, or a package is missing.
        DataError: The runtime cannot open what was written.
    """
    if config.kind != "patchcore":
        raise ConfigurationError(f"expert.kind {config.kind} has a network of its own, which stays in torch; export it without --runtime")
    width, height = (config.tiles.size, config.tiles.size) if config.tiles else config.preprocessing.input_size
    graph = folder / FILES["onnx"][0]
    write_onnx(backbone, (height, width), graph)
    if runtime == "openvino":
        write_openvino(graph, folder / FILES[runtime][0])
        graph.unlink()
    made = Extractor(runtime, backbone.architecture, backbone.fingerprint, (height, width), _sha256(folder, runtime))
    text = json.dumps({"format_version": FORMAT_VERSION, **asdict(made)}, indent=1)
    (folder / DESCRIPTION).write_text(text, encoding="utf-8")
    load_extractor(made, folder, threads=1)
    return made


def read_extractor(folder: Path) -> Extractor | None:
    """What ``write_extractor`` left in a folder; None: nothing, torch is meant.

    Raises:
        DataError: It is damaged, or of another version.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        version = told.pop("format_version")
        if version != FORMAT_VERSION:
            raise DataError(f"{path} has format version {version}, this is {FORMAT_VERSION}; export it again")
        found = TypeAdapter(Extractor).validate_python(told)
        if found.sha256 != _sha256(folder, found.runtime):
            raise DataError(f"{path} does not belong to the files beside it (checksum); export it again")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} cannot be read ({error}); export it again") from error
    return found


def load_extractor(extractor: Extractor, folder: Path, threads: int) -> Backbone:
    """The extractor of a folder as a backbone that scores can be computed with.

    Its fingerprint is that of torch's backbone that it was made of. Whether it computes the same is for the caller to see.

    Raises:
        ConfigurationError: The runtime is not installed.
        DataError: The runtime cannot read the files.
    """
    opened = {"onnx": open_onnx, "openvino": open_openvino}[extractor.runtime]
    file = folder / FILES[extractor.runtime][0]
    try:
        compute = opened(file, threads)
    # What a runtime raises is its own: onnxruntime's derive from Exception alone, OpenVINO's is RuntimeError.
    except Exception as error:  # noqa: BLE001
        if isinstance(error, ConfigurationError):
            raise
        reason = (str(error).splitlines() or [""])[0]
        raise DataError(f"{file} cannot be opened by {PACKAGES[extractor.runtime]}: {reason}; export it again") from error
    return Backbone(RuntimeFeatures(compute), extractor.architecture, extractor.fingerprint, torch.device("cpu"))


def _sha256(folder: Path, runtime: str) -> str:
    digest = hashlib.sha256()
    for name in FILES[runtime]:
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()
