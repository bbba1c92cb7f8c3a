"""Stage that asks an MLLM one method's questions about a category, each answer cached by its content.

An answer's key holds what the model really sees and does: prompt text, pixels, effective alpha and beta,
layers, decoding. Two runs share every answer that a changed parameter did not reach.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import EagleConfig, MllmConfig
from eagle_core.errors import AttentionError, ConfigurationError
from eagle_core.methods.outcome import failed_record, record_of
from eagle_core.methods.plan import Plan
from eagle_core.mllm.answering import rule_for
from eagle_core.mllm.protocol import ChatModel
from eagle_core.record_table import Record, write_records
from eagle_core.records import Answer, ExpertPrediction, ImagePart, Method, Prompt, Sample, Threshold
from tasks.machinery.inputs import ASKING, category_of, chat_model, image_hashes, limit_threads, store_of
from tasks.machinery.progress import progress_bar
from tasks.machinery.stage import stage
from tasks.machinery.store import Entry, Store, content_key
from tasks.stages.explanations import explanations_to, to_explain
from tasks.stages.predictions import Predictions, read_predictions
from tasks.stages.prompter import EchoPrompter, Prompter, TemplatePrompter, planner_of
from tasks.stages.questions import QuestionsByImage, digest_of, questions_of
from tasks.stages.threshold import read_threshold

ANSWER_VERSION = 2
RECORDS_VERSION = 4
GUIDED_METHODS = frozenset({"eagle", "eagle_echo"})
"""Methods that guide attention."""
ECHO_METHODS = frozenset({"echo", "eagle_echo"})
PORTION = 64
"""Images that are planned at once."""
LOG = logging.getLogger("eagle.answers")


@dataclass(frozen=True, slots=True)
class Job:
    """One method of one MLLM on one category."""

    dataset: str
    category: str
    mllm: str
    method: Method


@dataclass(frozen=True, slots=True)
class Upstream:
    """Entries that a job reads. Memory and knowledge are Echo's."""

    expert: Entry
    predictions: Entry
    threshold: Entry
    memory: Entry | None = None
    knowledge: Entry | None = None

    def keys(self) -> list[str | None]:
        """In a fixed order."""
        entries = (self.expert, self.predictions, self.threshold, self.memory, self.knowledge)
        return [None if entry is None else entry.key for entry in entries]


@stage("answers")
def ask(
    config: EagleConfig,
    job: Job,
    expert: Entry,
    predictions: Entry,
    threshold: Entry,
    memory: Entry | None = None,
    knowledge: Entry | None = None,
) -> Entry:
    """Plan every test image's prompt, ask what no earlier run has asked, and write the records."""
    limit_threads(config)
    upstream = Upstream(expert, predictions, threshold, memory, knowledge)
    model = chat_model(config.mllms[job.mllm])
    guided = job.method in GUIDED_METHODS
    if guided and model.depth is None:
        raise AttentionError(
            f"{job.method} is not available for mllms.{job.mllm}: the attention of a served model cannot be guided; "
            "leave it out of methods, or load the model here"
        )
    questions = questions_of(config, job.dataset, job.category)
    inputs = {
        "job": dataclasses.asdict(job),
        "questions": digest_of(questions),
        "upstream": upstream.keys(),
        "images": image_hashes(category_of(config, job.dataset, job.category).test),
        "model": model.fingerprint,
        "mllm": config.mllms[job.mllm].model_dump(mode="json", exclude={"batch_size", "device"}),
        "guidance": config.guidance.model_dump(mode="json"),
        "retrieval": config.retrieval.model_dump(mode="json"),
        "caas": config.caas.model_dump(mode="json") if guided else None,
        "explanation": config.explanation.model_dump(mode="json") if job.method in config.explanation.methods else None,
        "echo": config.echo.model_dump(mode="json") if job.method in ECHO_METHODS else None,
        "seed": config.run.seed,
    }

    def compute(folder: Path) -> None:
        with ASKING:
            records = answer_category(config, job, model, upstream, questions)
        write_records(records, folder / "records.parquet")

    return store_of(config).get_or_compute("records", RECORDS_VERSION, inputs, compute)


def answer_category(
    config: EagleConfig, job: Job, model: ChatModel, upstream: Upstream, questions: QuestionsByImage
) -> list[Record]:
    """Records of one job, in the order of the category's test images and of each one's questions."""
    fitted = read_threshold(upstream.threshold)
    read = read_predictions(upstream.predictions.path)
    settings = AttentionSettings.from_config(config.caas) if job.method in GUIDED_METHODS else None
    batch_size = config.mllms[job.mllm].batch_size
    samples = category_of(config, job.dataset, job.category).test
    prompter = _prompter(config, job, upstream, read, fitted)
    records: list[Record] = []
    asked = 0
    with progress_bar(f"{job.category}: {job.method}", unit="image") as report:
        # Planned in larger portions than asked: of many images, often only few have not been asked about before.
        portion = max(batch_size, PORTION)
        for start in range(0, len(samples), portion):
            chunk = [(s, q) for s in samples[start : start + portion] for q in questions[s.image_id]]
            planned = [prompter.plan(sample, question) for sample, question in chunk]
            plans = [p for p in planned if isinstance(p, Plan)]
            answers, fresh = answers_to(config, job, model, plans, settings)
            asked += fresh
            explanations = _explained(config, job, model, plans, answers, settings)
            ready = iter(zip(plans, answers, explanations, strict=True))
            for (sample, question), p in zip(chunk, planned, strict=True):
                records.append(
                    failed_record(
                        sample=sample, mllm=job.mllm, method=job.method, threshold=fitted, error=p, question=question
                    )
                    if isinstance(p, str)
                    else _record(job, sample, read.by_image[sample.image_id], fitted, next(ready), settings, model.depth)
                )
            report("", min(start + portion, len(samples)), len(samples))
    LOG.info("%s/%s %s %s: %d asked, %d from the store", *dataclasses.astuple(job), asked, len(records) - asked)
    return records


def _explained(
    config: EagleConfig,
    job: Job,
    model: ChatModel,
    plans: Sequence[Plan],
    answers: Sequence[Answer],
    settings: AttentionSettings | None,
) -> list[str | None]:
    """A sentence for each image that is to be explained; None for the others."""
    chosen = to_explain(config, job.method, plans, answers)
    inputs = [answer_inputs(config, job, model, plans[i], settings) for i in chosen]
    texts: list[str | None] = [None] * len(plans)
    for i, text in zip(chosen, explanations_to(config, model, [plans[i] for i in chosen], inputs, settings), strict=True):
        texts[i] = text
    return texts


def _record(
    job: Job,
    sample: Sample,
    prediction: ExpertPrediction,
    threshold: Threshold,
    asked: tuple[Plan, Answer, str | None],
    settings: AttentionSettings | None,
    depth: int | None,
) -> Record:
    p, answer, explanation = asked
    return record_of(
        sample=sample,
        mllm=job.mllm,
        method=job.method,
        threshold=threshold,
        prediction=prediction,
        plan=p,
        answer=answer,
        attention=settings,
        depth=depth,
        explanation=explanation,
    )


def _prompter(
    config: EagleConfig, job: Job, upstream: Upstream, predictions: Predictions, threshold: Threshold
) -> Prompter:
    """What makes the plans of ``job``."""
    category = (job.dataset, job.category)
    if job.method == "echo" or job.method == "eagle_echo":
        if upstream.memory is None or upstream.knowledge is None:
            raise ConfigurationError(f"methods: {job.method} needs Echo's memory and knowledge")
        return EchoPrompter(
            config,
            category,
            predictions,
            threshold,
            upstream.memory,
            upstream.knowledge,
            with_eagle=job.method == "eagle_echo",
            planner=planner_of(config, job.mllm),
        )
    if job.method == "expert":
        raise ConfigurationError("methods: the expert alone asks no MLLM")
    return TemplatePrompter(config, category, job.method, upstream.expert, predictions, threshold)


def answers_to(
    config: EagleConfig, job: Job, model: ChatModel, plans: Sequence[Plan], settings: AttentionSettings | None
) -> tuple[list[Answer], int]:
    """Answers to one batch of plans, and how many of them had to be asked."""
    store = store_of(config)
    keys = [answer_inputs(config, job, model, p, settings) for p in plans]
    found = {i: e for i, k in enumerate(keys) if (e := store.find("answer", content_key("answer", ANSWER_VERSION, k)))}
    missing = [i for i in range(len(plans)) if i not in found]
    for batch in _batches(keys, missing, config.mllms[job.mllm].batch_size):
        fresh = model.answer(
            [plans[i].prompt for i in batch],
            guidance=[plans[i].attention for i in batch] if settings else None,
            settings=settings,
        )
        for i, answer in zip(batch, fresh, strict=True):
            found[i] = _keep(store, keys[i], answer)
    return [_read_answer(found[i].path) for i in range(len(plans))], len(missing)


def _batches(keys: Sequence[dict[str, Any]], missing: Sequence[int], images: int) -> Iterator[list[int]]:
    """``missing`` in order, questions about the images of at most ``images`` samples at a time.

    Each batch is kept once it is answered. Questions about the same images stay together and share their prefix.
    """
    batch: list[int] = []
    seen: list[list[str]] = []
    for i in missing:
        if keys[i]["images"] not in seen:
            if len(seen) == images:
                yield batch
                batch, seen = [], []
            seen.append(keys[i]["images"])
        batch.append(i)
    if batch:
        yield batch


def answer_inputs(
    config: EagleConfig, job: Job, model: ChatModel, p: Plan, settings: AttentionSettings | None
) -> dict[str, Any]:
    """Everything that shapes one answer. Attention settings enter only where attention is guided."""
    guided = settings is not None and (p.attention.alpha != 0 or p.attention.beta != 0)
    mllm, question = config.mllms[job.mllm], p.prompt.question
    rule = rule_for(mllm.answer, question)
    # The options of an open question are not in its text, but its answer is read by them.
    unseen = [[list(option) for option in question.options]] if question.is_open else []
    return {
        "model": model.fingerprint,
        "dtype": " ".join([mllm.dtype, *_other_arithmetic(mllm)]),
        "decoding": [rule, mllm.max_new_tokens if rule != "logits" else None, *unseen],
        "text": p.prompt.text,
        "images": list(_image_digests(p.prompt)),
        "attention": [p.attention.alpha, p.attention.beta, dataclasses.asdict(settings)] if guided and settings else None,
    }


def _other_arithmetic(mllm: MllmConfig) -> list[str]:
    """What changes numbers beside the dtype."""
    return [*([mllm.quantization] if mllm.quantization else []), *([mllm.attention] if mllm.attention != "sdpa" else [])]


def _image_digests(prompt: Prompt) -> Iterator[str]:
    for part in prompt.parts:
        if isinstance(part, ImagePart):
            yield f"{part.image.size}:{hashlib.sha256(part.image.tobytes()).hexdigest()}"


def _keep(store: Store, inputs: dict[str, Any], answer: Answer) -> Entry:
    def compute(folder: Path) -> None:
        text = json.dumps(dataclasses.asdict(answer), allow_nan=False)
        (folder / "answer.json").write_text(text, encoding="utf-8")

    return store.get_or_compute("answer", ANSWER_VERSION, inputs, compute)


def _read_answer(folder: Path) -> Answer:
    fields = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    fields["option_log_probabilities"] = tuple((k, v) for k, v in fields["option_log_probabilities"])
    return Answer(**fields)
