"""The questions about a category's test images: the yes/no question, MMAD's file, or the generator's record."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from eagle_core.config import EagleConfig
from eagle_core.data import mmad
from eagle_core.data.demo import SCENES_FILE, load_scenes
from eagle_core.data.mmad_questions import AskedImage, read_questions
from eagle_core.data.question_sets import in_form, of_generated
from eagle_core.errors import ConfigurationError
from eagle_core.guidance.prompt import DEFECT_QUESTION
from eagle_core.methods.outcome import correct_letter
from eagle_core.records import Question, Sample
from tasks.machinery.inputs import category_of, dataset_of

LOG = logging.getLogger("eagle.questions")
RANDOM_TEMPLATES = 2
"""As in MMAD."""
QuestionsByImage = Mapping[str, tuple[Question, ...]]


def questions_of(config: EagleConfig, dataset: str, category: str) -> QuestionsByImage:
    """By image_id, in a fixed order. An image of which nothing of the wanted types can be asked has none.

    Raises:
        ConfigurationError: More than the yes/no question is wanted, and neither a file nor a record says what is true.
    """
    every = _all_questions(config, dataset, category)
    return {image: asked[: config.questions.per_image] for image, asked in every.items()}


def _all_questions(config: EagleConfig, dataset: str, category: str) -> QuestionsByImage:
    samples, wanted = category_of(config, dataset, category).test, config.questions
    file = mmad.questions_file(config.datasets[dataset].root) if config.datasets[dataset].format == "mmad" else wanted.file
    if file is not None:
        return _from_file(config, file, samples)
    first = in_form(DEFECT_QUESTION, wanted.form, config.run.seed, "")
    asked = {s.image_id: (first,) if "anomaly_detection" in wanted.types else () for s in samples}
    if set(wanted.types) <= {"anomaly_detection"}:
        return asked
    root = config.datasets[dataset].root
    if not (root / category / SCENES_FILE).is_file():
        raise ConfigurationError(
            f"questions.types: what is true of {dataset}/{category} is not known; name a file of questions in the form of "
            "mmad.json as questions.file, or ask anomaly_detection only"
        )
    every = [scene for path in sorted(root.glob(f"*/{SCENES_FILE}")) for scene in load_scenes(root, path.parent.name).values()]
    made = of_generated(load_scenes(root, category), every, wanted, config.run.seed)
    return {image: (*mine, *made.get(image, ())) for image, mine in asked.items()}


def asked_images(config: EagleConfig, dataset: str) -> tuple[AskedImage, ...]:
    """The questions about a dataset's test images as entries of an ``mmad.json``, under ``DATASET/image_id``.

    Two normal training images are named as random templates; similar ones are found by an expert, so none are named.
    What has no known right answer is left out, as that form has no place for it.
    """
    found: list[AskedImage] = []
    for name, category in dataset_of(config, dataset).categories.items():
        templates = [f"{dataset}/{s.image_id}" for s in category.train]
        every = questions_of(config, dataset, name)
        for sample in category.test:
            rights = [(q, correct_letter(q, sample.is_defective)) for q in every[sample.image_id]]
            known = tuple(dataclasses.replace(q, correct_letter=right) for q, right in rights if right is not None)
            rng = np.random.default_rng([config.run.seed, len(found)])
            random = tuple(templates[i] for i in rng.permutation(len(templates))[:RANDOM_TEMPLATES])
            mask = None if sample.mask_path is None else sample.mask_path.relative_to(category.folder).as_posix()
            if known:
                found.append(AskedImage(f"{dataset}/{sample.image_id}", known, (), random, mask))
    return tuple(found)


def digest_of(questions: QuestionsByImage) -> str:
    """What a stage's key holds of them."""
    described = {image: [dataclasses.asdict(q) for q in mine] for image, mine in questions.items()}
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _from_file(config: EagleConfig, path: Path, samples: tuple[Sample, ...]) -> QuestionsByImage:
    entries = _entries(path, path.stat().st_mtime_ns if path.is_file() else 0)
    found: dict[str, tuple[Question, ...]] = {}
    for sample in samples:
        entry = entries.get(f"{sample.dataset}/{sample.image_id}") or entries.get(sample.image_id)
        asked = entry.questions if entry else ()
        found[sample.image_id] = tuple(
            in_form(question, config.questions.form, config.run.seed, sample.image_id)
            for question in asked
            if question.question_type in config.questions.types
        )
    if not any(found.values()):
        raise ConfigurationError(
            f"questions.file: {path} asks nothing of types {', '.join(config.questions.types)} about these images; its keys "
            f"must be DATASET/image_id or image_id, such as {next(iter(found), '')}"
        )
    return found


@functools.lru_cache(maxsize=2)
def _entries(path: Path, _modified_ns: int) -> dict[str, AskedImage]:
    read = read_questions(path)
    for fault in read.faults:
        LOG.warning("%s: not asked: %s", path, fault)
    return {image.path: image for image in read.images}
