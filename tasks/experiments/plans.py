"""What a method asked at a point of an experiment, made again, for looking inside the model."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from eagle_core.methods.plan import Plan
from eagle_core.mllm.adapters.families import FAMILIES
from eagle_core.mllm.chat import TransformersChatModel
from eagle_core.records import Method, Sample
from tasks.graph.values import CategoryResult
from tasks.machinery.holders import chat_model, identity_of
from tasks.machinery.inputs import category_of
from tasks.machinery.stage import NotRun
from tasks.machinery.store import Entry
from tasks.stages.predictions import read_predictions
from tasks.stages.prompter import TemplatePrompter
from tasks.stages.threshold import read_threshold
from tasks.sweeps.results import PointResult, SweepOutcome


@dataclass(frozen=True, slots=True)
class AskedGroup:
    """One method of one MLLM at one point on one dataset."""

    result: PointResult
    dataset: str
    mllm: str
    method: Method
    entries: tuple[Entry, ...]
    """Its records, category by category."""

    @property
    def setting(self) -> str:
        """The point's label and the method, as far as they tell groups apart."""
        return f"{self.result.point.label}: {self.method}"

    @property
    def model(self) -> TransformersChatModel:
        """The MLLM, loaded unless it is in memory."""
        model = chat_model(self.result.point.config, self.mllm)
        assert isinstance(model, TransformersChatModel)  # as ``asked_groups`` found by its identity
        return model

    @property
    def batch_size(self) -> int:
        """Prompts in one prefill."""
        return self.result.point.config.mllms[self.mllm].batch_size

    @property
    def categories(self) -> tuple[CategoryResult, ...]:
        """Of the dataset."""
        return tuple(c for c in self.result.categories if c.name.dataset == self.dataset)


def asked_groups(sweep: SweepOutcome) -> Iterator[AskedGroup]:
    """Every group whose MLLM can be looked into, MLLM by MLLM so that each is loaded once, point by point."""
    for name in dict.fromkeys(name for result in sweep.results for name in result.point.config.mllms):
        for result in sweep.results:
            for (dataset, mllm, method), entries in result.groups.items():
                if mllm == name and identity_of(result.point.config, mllm).adapter in FAMILIES:
                    yield AskedGroup(result, dataset, mllm, method, entries)  # type: ignore[arg-type]


def plans_of(
    result: PointResult, category: CategoryResult, method: Any, chosen: Collection[str] | None = None
) -> Iterator[tuple[Sample, Plan]]:
    """What ``method`` asks about the readable test images of a category, made again from the store.

    Args:
        result: The point.
        category: Of the point.
        method: mllm, eagle_no_caas or eagle.
        chosen: Ids of the images; None: all.
    """
    config, name = result.point.config, category.name
    thresholds = result.thresholds
    if isinstance(category.expert, NotRun) or isinstance(category.predictions, NotRun) or name not in thresholds:
        return
    prompter = TemplatePrompter(
        config,
        (name.dataset, name.category),
        method,
        category.expert,
        read_predictions(category.predictions.path),
        read_threshold(thresholds[name]),
    )
    for sample in category_of(config, name.dataset, name.category).test:
        if chosen is None or sample.image_id in chosen:
            plan = prompter.plan(sample)
            if isinstance(plan, Plan):
                yield sample, plan
