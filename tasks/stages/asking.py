"""Stage that asks an MLLM one method's questions about a shard of a category and writes the records.

A shard is a run of test images with all their questions, so that questions about the same images stay together.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import EagleConfig
from eagle_core.errors import AttentionError, ConfigurationError
from eagle_core.methods.plan import Plan
from eagle_core.mllm.identity import ModelIdentity
from eagle_core.record_table import Record, write_records
from eagle_core.records import Answer, ExpertPrediction, Sample, Threshold
from tasks.machinery.holders import identity_of
from tasks.machinery.inputs import category_of, dataset_of, image_hashes, limit_threads, store_of
from tasks.machinery.progress import progress_bar
from tasks.machinery.store import Entry
from tasks.stages.answers import Job, answer_inputs, answers_to
from tasks.stages.explanations import explanations_to, to_explain
from tasks.stages.predictions import Predictions, read_predictions
from tasks.stages.questions import QuestionsByImage, digest_of, questions_of
from tasks.stages.threshold import read_threshold

if TYPE_CHECKING:
    from tasks.stages.prompter import Prompter

VERSION = 5
GUIDED_METHODS = frozenset({"eagle", "eagle_echo"})
"""Methods that guide attention."""
ECHO_METHODS = frozenset({"echo", "eagle_echo"})
PORTION = 64
"""Images that are planned at once."""
LOG = logging.getLogger("eagle.answers")


@dataclass(frozen=True, slots=True)
class Upstream:
    """Entries that a category's questions are made from. Memory and knowledge are Echo's."""

    expert: Entry
    predictions: Entry
    threshold: Entry
    memory: Entry | None = None
    knowledge: Entry | None = None

    def keys(self) -> dict[str, str | None]:
        """What a cache key holds of them."""
        entries = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: None if entry is None else entry.key for name, entry in entries.items()}


@dataclass(frozen=True, slots=True)
class Shard:
    """Test images ``start`` to ``stop`` (exclusive) of a category."""

    start: int
    stop: int
    number: int
    of: int
    """How many shards the category has."""

    def __str__(self) -> str:
        return "" if self.of == 1 else f" {self.number}/{self.of}"


def shards_of(config: EagleConfig, dataset: str, category: str) -> tuple[Shard, ...]:
    """A category's test images, cut after each ``run.engine.shard_images``."""
    images, size = len(dataset_of(config, dataset).categories[category].test), config.run.engine.shard_images
    starts = range(0, max(images, 1), size)
    return tuple(Shard(start, min(start + size, images), n, len(starts)) for n, start in enumerate(starts, start=1))


def ask(config: EagleConfig, job: Job, read: Upstream, shard: Shard) -> Entry:
    """Plan every question of the shard, ask what no earlier run has asked, and write the records.

    Raises:
        AttentionError: The method guides attention, and a served model's cannot be.
        EagleError: The model cannot be had, or the questions cannot be made.
    """
    identity = identity_of(config, job.mllm)
    guided = job.method in GUIDED_METHODS
    if guided and identity.depth is None:
        raise AttentionError(
            f"{job.method} is not available for mllms.{job.mllm}: the attention of a served model cannot be guided; "
            "leave it out of methods, or load the model here"
        )
    samples = category_of(config, job.dataset, job.category).test[shard.start : shard.stop]
    every = questions_of(config, job.dataset, job.category)
    questions = {sample.image_id: every[sample.image_id] for sample in samples}
    inputs = {
        "job": dataclasses.asdict(job),
        "questions": digest_of(questions),
        "upstream": read.keys(),
        "images": image_hashes(samples),
        "model": identity.key(),
        "mllm": config.mllms[job.mllm].model_dump(mode="json", exclude={"batch_size", "device"}),
        "guidance": config.guidance.model_dump(mode="json"),
        "retrieval": config.retrieval.model_dump(mode="json"),
        "caas": config.caas.model_dump(mode="json") if guided else None,
        "explanation": config.explanation.model_dump(mode="json") if job.method in config.explanation.methods else None,
        "echo": config.echo.model_dump(mode="json") if job.method in ECHO_METHODS else None,
        "seed": config.run.seed,
    }

    def compute(folder: Path) -> None:
        limit_threads(config)
        write_records(_Asking(config, job, identity, read).records(samples, questions, str(shard)), folder / "records.parquet")

    return store_of(config).get_or_compute("records", VERSION, inputs, compute)


class _Asking:
    """What the portions of one shard have in common."""

    def __init__(self, config: EagleConfig, job: Job, identity: ModelIdentity, read: Upstream) -> None:
        self._config, self._job, self._identity = config, job, identity
        self._threshold = read_threshold(read.threshold)
        self._predictions = read_predictions(read.predictions.path)
        self._settings = AttentionSettings.from_config(config.caas) if job.method in GUIDED_METHODS else None
        self._prompter = _prompter(config, job, read, self._predictions, self._threshold)

    def records(self, samples: Sequence[Sample], questions: QuestionsByImage, shard: str) -> list[Record]:
        """In the order of the samples and of each one's questions."""
        from eagle_core.methods.outcome import failed_record

        records: list[Record] = []
        asked = 0
        # Planned in larger portions than asked: of many images, often only few have not been asked about before.
        portion = max(self._config.mllms[self._job.mllm].batch_size, PORTION)
        with progress_bar(f"{self._job.category}{shard}: {self._job.method}", unit="image") as report:
            for start in range(0, len(samples), portion):
                chunk = [(s, q) for s in samples[start : start + portion] for q in questions[s.image_id]]
                planned = [self._prompter.plan(sample, question) for sample, question in chunk]
                plans = [p for p in planned if isinstance(p, Plan)]
                answers, fresh = answers_to(self._config, self._job, self._identity, plans, self._settings)
                asked += fresh
                ready = iter(zip(plans, answers, self._explained(plans, answers), strict=True))
                for (sample, question), p in zip(chunk, planned, strict=True):
                    if isinstance(p, str):
                        records.append(
                            failed_record(
                                sample=sample, mllm=self._job.mllm, method=self._job.method, threshold=self._threshold,
                                error=p, question=question,
                            )
                        )  # fmt: skip
                    else:
                        records.append(self._record(sample, self._predictions.by_image[sample.image_id], next(ready)))
                report("", min(start + portion, len(samples)), len(samples))
        names = dataclasses.astuple(self._job)
        LOG.info("%s/%s %s %s%s: %d asked, %d from the store", *names, shard, asked, len(records) - asked)
        return records

    def _explained(self, plans: Sequence[Plan], answers: Sequence[Answer]) -> list[str | None]:
        """A sentence for each image that is to be explained; None for the others."""
        chosen = to_explain(self._config, self._job.method, plans, answers)
        inputs = [answer_inputs(self._config, self._job, self._identity, plans[i], self._settings) for i in chosen]
        texts: list[str | None] = [None] * len(plans)
        told = explanations_to(self._config, self._job.mllm, [plans[i] for i in chosen], inputs, self._settings)
        for i, text in zip(chosen, told, strict=True):
            texts[i] = text
        return texts

    def _record(self, sample: Sample, prediction: ExpertPrediction, asked: tuple[Plan, Answer, str | None]) -> Record:
        from eagle_core.methods.outcome import record_of

        p, answer, explanation = asked
        return record_of(
            sample=sample,
            mllm=self._job.mllm,
            method=self._job.method,
            threshold=self._threshold,
            prediction=prediction,
            plan=p,
            answer=answer,
            attention=self._settings,
            depth=self._identity.depth,
            explanation=explanation,
        )


def _prompter(
    config: EagleConfig, job: Job, read: Upstream, predictions: Predictions, threshold: Threshold
) -> Prompter:
    """What makes the plans of ``job``."""
    from tasks.stages.prompter import EchoPrompter, TemplatePrompter, planner_of

    category = (job.dataset, job.category)
    if job.method == "echo" or job.method == "eagle_echo":
        if read.memory is None or read.knowledge is None:
            raise ConfigurationError(f"methods: {job.method} needs Echo's memory and knowledge")
        return EchoPrompter(
            config,
            category,
            predictions,
            threshold,
            read.memory,
            read.knowledge,
            with_eagle=job.method == "eagle_echo",
            planner=planner_of(config, job.mllm),
        )
    if job.method == "expert":
        raise ConfigurationError("methods: the expert alone asks no MLLM")
    return TemplatePrompter(config, category, job.method, read.expert, predictions, threshold)
