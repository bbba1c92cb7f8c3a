"""What there is one of in a process: the MLLM, the expert's backbone. Filled when first needed, whatever runs the tasks.

Nothing here travels between processes: tasks name a configuration, and each process loads what it comes to need.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from eagle_core.config import BackboneConfig, EagleConfig, MllmConfig
from eagle_core.errors import EagleError
from eagle_core.expert.weights_source import weights_source
from eagle_core.mllm.identity import ModelIdentity, identify
from eagle_core.whole_file import written_whole
from tasks.machinery.hashes import FOLDER, remembered_sha256
from tasks.machinery.journal import Note, write_note

if TYPE_CHECKING:
    from eagle_core.expert.backbone import Backbone
    from eagle_core.expert.runtimes.extractor import Extractor
    from eagle_core.mllm.protocol import ChatModel

IDENTITY_VERSION = 1
"""Raised when a backbone's identity is told otherwise."""
LOG = logging.getLogger("eagle.models")
Asked = Literal["questions asked", "sentences asked", "attention looked at"]


@dataclass(slots=True)
class _Held:
    """The one MLLM of this process; or why it could not be loaded, so that nobody tries again."""

    config: MllmConfig | None = None
    model: ChatModel | None = None
    failure: EagleError | None = None


_HELD = _Held()
_TURN = threading.RLock()


@contextmanager
def turn_of(config: EagleConfig, mllm: str, count: int = 0, event: Asked = "questions asked") -> Iterator[ChatModel]:
    """The loaded MLLM for one batch at a time: the threads of a process take turns.

    Args:
        config: Names the model.
        mllm: Under ``mllms``.
        count: Of what is asked within; noted with its time.
        event: What is asked.
    """
    with _TURN:
        model = chat_model(config, mllm)
        start = time.perf_counter()
        yield model
        if count:
            write_note(config.run.cache_dir, _note(event, mllm, count, start))


def chat_model(config: EagleConfig, mllm: str) -> ChatModel:
    """The MLLM ``mllms.<mllm>``, loaded unless it is the one in memory, whose place it takes.

    Raises:
        EagleError: See ``load_model``; a configuration that failed is not tried again in this process.
    """
    wanted = config.mllms[mllm]
    with _TURN:
        if _HELD.config != wanted:
            _HELD.config, _HELD.model, _HELD.failure = wanted, None, None
            try:
                _HELD.model = _load(config, mllm)
            except EagleError as error:
                _HELD.failure = error
        if _HELD.failure is not None:
            raise _HELD.failure
        assert _HELD.model is not None
        return _HELD.model


def forget_models() -> None:
    """Free what is in memory."""
    with _TURN:
        _HELD.config, _HELD.model, _HELD.failure = None, None, None
    backbone.cache_clear()
    runtime_backbone.cache_clear()


def _load(config: EagleConfig, mllm: str) -> ChatModel:
    from eagle_core.mllm.loading import load_model

    start = time.perf_counter()
    model = load_model(config.mllms[mllm], remembered_sha256(config.run.cache_dir))
    note = _note("mllm loaded", mllm, 1, start)
    write_note(config.run.cache_dir, note)
    LOG.info("loaded %s in %.1f s, %d threads", mllm, note.seconds, note.threads)
    return model


def _note(event: Literal["mllm loaded"] | Asked, mllm: str, count: int, start: float) -> Note:
    import torch  # here by now: a model is loaded

    return Note(event, mllm, count, time.perf_counter() - start, torch.get_num_threads())


def identity_of(config: EagleConfig, mllm: str) -> ModelIdentity:
    """What the answers of ``mllms.<mllm>`` are keyed by; no weights are loaded, and its files are hashed once.

    Raises:
        EagleError: See ``identify``.
    """
    wanted = config.mllms[mllm]
    if wanted.endpoint is not None:
        return _served(wanted)
    return identify(wanted, remembered_sha256(config.run.cache_dir))


@functools.lru_cache(maxsize=32)
def _served(config: MllmConfig) -> ModelIdentity:
    """Asked once per process: a server is not questioned before every task."""
    return identify(config)


def backbone_key(config: EagleConfig) -> list[str]:
    """What fitted experts are keyed by; no network is loaded. Of weights in a file it is remembered in the store, so that
    timm, whose import takes seconds, is not needed either.

    Raises:
        EagleError: See ``identify_backbone``.
    """
    wanted, digest = config.expert.backbone, remembered_sha256(config.run.cache_dir)
    source = weights_source(wanted, digest)
    if source is None:
        return _identified(wanted, digest)
    versions = [importlib.metadata.version(name) for name in ("timm", "eagle-iad")]
    described = json.dumps([wanted.model_dump(mode="json"), source, versions, IDENTITY_VERSION])
    known = config.run.cache_dir / FOLDER / f"backbone-{hashlib.sha256(described.encode()).hexdigest()}.json"
    if not known.is_file():
        with written_whole(known) as aside:
            aside.write_text(json.dumps(_identified(wanted, digest)), encoding="utf-8")
    return [str(part) for part in json.loads(known.read_text(encoding="utf-8"))]


def _identified(config: BackboneConfig, digest: Callable[[Path], str]) -> list[str]:
    from eagle_core.expert.identity import identify_backbone

    return identify_backbone(config, digest).key()


@functools.lru_cache(maxsize=1)
def backbone(config: BackboneConfig, device: str) -> Backbone:
    """The expert's feature extractor, loaded once per process."""
    from eagle_core.expert.backbone import load_backbone

    return load_backbone(config, device)


@functools.lru_cache(maxsize=8)
def runtime_backbone(extractor: Extractor, folder: Path, threads: int) -> Backbone:
    """A feature extractor of another runtime, loaded once per process from the folder that holds it."""
    from eagle_core.expert.runtimes.extractor import load_extractor

    return load_extractor(extractor, folder, threads)
