"""Stage of Echo's memory: embeddings of every normal training image of a dataset, indexed."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eagle_core.config import EagleConfig
from eagle_core.data.images import read_image_of
from eagle_core.errors import DataError, FitError
from tasks.machinery.inputs import category_of, image_hashes, store_of
from tasks.machinery.progress import progress_bar
from tasks.machinery.stage import NotRun
from tasks.machinery.store import Entry

if TYPE_CHECKING:
    from eagle_core.retrieval.clip import ClipEncoder

VERSION = 1
BATCH = 32


def build(config: EagleConfig, dataset: str, categories: list[str], experts: list[Entry | NotRun]) -> Entry:
    """Index the images of ``categories``; those whose expert could not be fitted are left out.

    With ``echo.encoder: backbone`` the experts' own embeddings are taken, with a CLIP model its image embeddings.
    """
    fitted = [(name, entry) for name, entry in zip(categories, experts, strict=True) if isinstance(entry, Entry)]
    if not fitted:
        raise FitError(f"{dataset}: no category has a fitted expert, so there is nothing to retrieve from")
    backbone = config.echo.encoder == "backbone"
    inputs = {
        "experts": [entry.key for _, entry in fitted] if backbone else None,
        "images": None if backbone else {n: image_hashes(category_of(config, dataset, n).train) for n, _ in fitted},
        "encoder": config.echo.encoder,
        "exact_below": config.echo.exact_below,
    }

    def compute(folder: Path) -> None:
        from eagle_core.retrieval.memory import ImageMemory, MemoryEntry

        entries: list[MemoryEntry] = []
        parts: list[np.ndarray] = []
        for name, entry in fitted:
            ids, embeddings = _from_expert(entry) if backbone else _from_clip(config, dataset, name)
            entries += [MemoryEntry(image_id, name) for image_id in ids]
            parts.append(embeddings)
        ImageMemory.build(entries, np.concatenate(parts), exact_below=config.echo.exact_below).save(folder)

    return store_of(config).get_or_compute("memory", VERSION, inputs, compute)


@functools.lru_cache(maxsize=1)
def clip_encoder(source: str, device: str) -> ClipEncoder:
    """The CLIP model, loaded once per process."""
    from eagle_core.retrieval.clip import ClipEncoder

    return ClipEncoder.load(source, device)


def _from_expert(entry: Entry) -> tuple[tuple[str, ...], np.ndarray]:
    from eagle_core.expert.bundle import load_expert

    expert = load_expert(entry.path)
    return expert.training_image_ids, expert.training_embeddings.numpy()


def _from_clip(config: EagleConfig, dataset: str, category: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Images that cannot be read are left out; the expert has reported them."""
    encoder = clip_encoder(config.echo.encoder, config.run.device)
    samples = category_of(config, dataset, category).train
    ids: list[str] = []
    parts: list[np.ndarray] = []
    with progress_bar(f"{category}: memory") as report:
        for start in range(0, len(samples), BATCH):
            images = []
            for sample in samples[start : start + BATCH]:
                try:
                    images.append(read_image_of(sample))
                except DataError:
                    continue
                ids.append(sample.image_id)
            if images:
                parts.append(encoder.images(images))
            report("", min(start + BATCH, len(samples)), len(samples))
    if not parts:
        raise DataError(f"{dataset}/{category}: no training image can be read; check them with `eagle data check`")
    return tuple(ids), np.concatenate(parts)
