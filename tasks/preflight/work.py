"""What a run will have to do: what is in the store already is looked up, nothing is computed, no model is loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eagle_core.config import DegradationConfig, EagleConfig
from eagle_core.counted import counted
from eagle_core.errors import EagleError
from tasks.machinery.journal import Note
from tasks.machinery.stand_in import is_asked
from tasks.machinery.store import Entry, NotThere, only_looking
from tasks.preflight.finding import Finding
from tasks.stages import asking, expert, knowledge, memory, threshold
from tasks.stages.answers import Job
from tasks.stages.asking import ECHO_METHODS, Shard, Upstream, shards_of
from tasks.stages.data import CategoryName
from tasks.stages.questions import questions_of


@dataclass(frozen=True, slots=True)
class Work:
    """What is not in the store."""

    experts: int
    """Categories whose expert is to be fitted."""
    questions: dict[str, int]
    """For each MLLM, at most so many: methods that ask the same share an answer, which shows only when they ask."""

    @property
    def is_none(self) -> bool:
        """Everything that costs time is there already."""
        return self.experts == 0 and not self.questions


def work_of(configs: Sequence[EagleConfig], categories: Sequence[CategoryName]) -> Work:
    """Look up what the stages of ``categories`` would find, for each of a sweep's points."""
    missing: set[tuple[object, CategoryName]] = set()
    questions: Counter[str] = Counter()
    with only_looking():
        for config in configs:
            mine = [name for name in categories if name.dataset in config.datasets]
            fitted = {name: _there(expert.fit, config, name.dataset, name.category) for name in mine}
            missing |= {(config.expert, name) for name, made in fitted.items() if made is None}
            memories = _memories(config, fitted)
            for name, made in fitted.items():
                for job, shard, count in _jobs(config, name):
                    if not _is_answered(config, job, shard, made, memories.get(name.dataset)):
                        questions[job.mllm] += count
    return Work(len(missing), dict(questions))


def work_findings(work: Work, journal: Iterable[Note]) -> tuple[Finding, ...]:
    """The work, and how long it takes at the rates of earlier runs on this machine."""
    if work.is_none:
        return (Finding("work", "everything is in the store: tables and report are made again"),)
    parts = [f"{counted(work.experts, 'expert')} to fit"] if work.experts else []
    parts += [f"up to {counted(count, 'question')} for {mllm}" for mllm, count in work.questions.items()]
    return Finding("work", "; ".join(parts)), Finding("time", _duration(work, tuple(journal)))


def _duration(work: Work, journal: Sequence[Note]) -> str:
    needs = [("stage", "expert", work.experts, "an expert")] if work.experts else []
    needs += [("questions asked", mllm, count, f"a question of {mllm}") for mllm, count in work.questions.items()]
    total = 0.0
    told: list[str] = []
    unknown: list[str] = []
    for event, name, count, what in needs:
        known = [note for note in journal if (note.event, note.name) == (event, name) and note.count]
        if known:
            rate = sum(note.seconds for note in known) / sum(note.count for note in known)
            total += rate * count
            told.append(f"{rate:.2g} s {what}")
        else:
            unknown.append(what)
    if not told:
        return "not known: nothing of it was done here before"
    rest = f"; besides what was never done here: {', '.join(unknown)}" if unknown else ""
    return f"about {_spoken(total)} at most, as it went here before ({', '.join(told)}){rest}"


def _spoken(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def _there(stage: Callable[..., Entry], *args: Any) -> Entry | None:
    """The stage's entry; None where it would be computed, or cannot be."""
    if any(arg is None for arg in args):
        return None
    try:
        return stage(*args)
    except (NotThere, EagleError):
        return None


def _memories(config: EagleConfig, fitted: dict[CategoryName, Entry | None]) -> dict[str, Entry | None]:
    if not ECHO_METHODS & set(config.methods):
        return {}
    found = {}
    for dataset in dict.fromkeys(name.dataset for name in fitted):
        mine = {name.category: made for name, made in fitted.items() if name.dataset == dataset}
        whole = None if None in mine.values() else list(mine.values())
        found[dataset] = _there(memory.build, config, dataset, list(mine), whole)
    return found


def _jobs(config: EagleConfig, name: CategoryName) -> Iterable[tuple[Job, Shard, int]]:
    """Every (method of an MLLM, shard), and its number of questions."""
    counted_on = _as_they_are(config, name.dataset)
    every = questions_of(counted_on, name.dataset, name.category)
    counts = [len(questions) for questions in every.values()]
    for mllm in (each for each in config.mllms if is_asked(config, name.dataset, each)):
        for method in config.methods:
            if method != "expert":
                for shard in shards_of(counted_on, name.dataset, name.category):
                    yield Job(name.dataset, name.category, mllm, method), shard, sum(counts[shard.start : shard.stop])


def _as_they_are(config: EagleConfig, dataset: str) -> EagleConfig:
    """``config`` without degradation of ``dataset``: looking degrades no image, and as much is asked about degraded ones."""
    images = config.datasets[dataset].model_copy(update={"degradation": DegradationConfig()})
    return config.model_copy(update={"datasets": {**config.datasets, dataset: images}})


def _is_answered(config: EagleConfig, job: Job, shard: Shard, fitted: Entry | None, remembered: Entry | None) -> bool:
    dataset, category = job.dataset, job.category
    read = _there(expert.score, config, dataset, category, fitted)
    tau = _there(threshold.fit, config, dataset, category, fitted, read)
    if fitted is None or read is None or tau is None:
        return False
    known = _there(knowledge.gather, config, dataset, category) if job.method in ECHO_METHODS else None
    if job.method in ECHO_METHODS and (known is None or remembered is None):
        return False
    upstream = Upstream(fitted, read, tau, remembered, known) if known else Upstream(fitted, read, tau)
    return _there(asking.ask, config, job, upstream, shard) is not None
