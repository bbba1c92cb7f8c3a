"""From a sample to its plan: reads the image, fetches what the method shows beside it, applies the method."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from eagle_core.config import EagleConfig
from eagle_core.echo.mllm_planning import MllmPlanner
from eagle_core.echo.modules import (
    DecisionMaker,
    Inquiry,
    KnowledgeGuide,
    ReasoningExpert,
    ReferenceExtractor,
)
from eagle_core.echo.planning import plan_by_rules
from eagle_core.errors import ConfigurationError, DataError
from eagle_core.expert.bundle import load_expert
from eagle_core.guidance.prompt import DEFECT_QUESTION
from eagle_core.methods import eagle, echo
from eagle_core.methods.eagle import AskingMethod
from eagle_core.methods.echo import Planner
from eagle_core.methods.plan import Plan
from eagle_core.records import Question, Sample, Threshold
from eagle_core.retrieval.clip import combined
from eagle_core.retrieval.memory import ImageMemory, MemoryEntry
from eagle_core.retrieval.templates import TemplateIndex
from tasks.machinery.holders import chat_model
from tasks.machinery.inputs import category_of
from tasks.machinery.kept_images import read_kept
from tasks.machinery.store import Entry
from tasks.stages import knowledge as knowledge_stage
from tasks.stages.memory import clip_encoder
from tasks.stages.predictions import Predictions


class Prompter(Protocol):
    """Makes the plans of one method for one category."""

    def plan(self, sample: Sample, question: Question = DEFECT_QUESTION) -> Plan | str:
        """The plan of ``sample``, or why there is none."""
        ...


class TemplatePrompter:
    """The MLLM alone and EAGLE: templates of the category's own normal images (1-shot+)."""

    def __init__(
        self,
        config: EagleConfig,
        category: tuple[str, str],
        method: AskingMethod,
        expert: Entry,
        predictions: Predictions,
        threshold: Threshold,
    ) -> None:
        train = category_of(config, *category).train
        self._config, self._method, self._predictions, self._threshold = config, method, predictions, threshold
        self._train = {sample.image_id: sample for sample in train}
        self._index = _template_index(expert.path)
        self._unreadable = {failure.image_id: failure.reason for failure in predictions.failures}

    def plan(self, sample: Sample, question: Question = DEFECT_QUESTION) -> Plan | str:
        """See ``Prompter.plan``."""
        if sample.image_id in self._unreadable:
            return self._unreadable[sample.image_id]
        prediction = self._predictions.by_image[sample.image_id]
        shots, config = self._config.retrieval.shots, self._config
        if config.retrieval.selection == "similar":
            template_ids = self._index.similar(prediction.embedding, shots, sample.image_id)
        else:
            template_ids = self._index.random(shots, seed=config.run.seed, image_id=sample.image_id)
        try:
            query = read_kept(sample.image_path, sample.bit_depth)
            templates = [read_kept(self._train[t].image_path, self._train[t].bit_depth) for t in template_ids]
        except DataError as error:
            return str(error)
        return eagle.plan(
            self._method,
            query,
            templates,
            prediction,
            self._threshold,
            config,
            template_ids=template_ids,
            question=question,
            is_defective=sample.is_defective,
        )


@functools.lru_cache(maxsize=32)
def _template_index(expert: Path) -> TemplateIndex:
    """Of an entry of the store, whose content never changes."""
    fitted = load_expert(expert)
    return TemplateIndex(fitted.training_image_ids, fitted.training_embeddings.numpy())


def planner_of(config: EagleConfig, mllm: str) -> Planner:
    """How Echo finds a question's type (``echo.planning``)."""
    return MllmPlanner(chat_model(config, mllm)) if config.echo.planning == "mllm" else plan_by_rules


class EchoPrompter:
    """Echo, alone or with EAGLE: references from the memory, knowledge from its file."""

    def __init__(
        self,
        config: EagleConfig,
        category: tuple[str, str],
        predictions: Predictions,
        threshold: Threshold,
        memory: Entry,
        knowledge: Entry,
        *,
        with_eagle: bool,
        planner: Planner,
    ) -> None:
        if config.echo.retrieval != "image" and config.echo.encoder == "backbone":
            raise ConfigurationError(
                f"echo.retrieval {config.echo.retrieval} looks texts up, which needs a CLIP model as echo.encoder"
            )
        dataset, self._category = category
        self._config, self._predictions, self._threshold = config, predictions, threshold
        self._knowledge, self._with_eagle = knowledge, with_eagle
        self._unreadable = {failure.image_id: failure.reason for failure in predictions.failures}
        loaded = ImageMemory.load(memory.path)
        names = {entry.category for entry in loaded.entries}
        train = {s.image_id: s for name in names for s in category_of(config, dataset, name).train}

        def read(entry: MemoryEntry) -> Image.Image:
            return read_kept(train[entry.entry_id].image_path, train[entry.entry_id].bit_depth)

        def known(inquiry: Inquiry) -> str:
            return knowledge_stage.text_for(knowledge, config, inquiry.question.question_type)

        references = config.echo.references
        self._echo = echo.Echo(
            ReferenceExtractor(
                loaded, read, references, random_seed=config.run.seed if config.echo.selection == "random" else None
            ),
            KnowledgeGuide(known),
            ReasoningExpert(references),
            DecisionMaker(),
            planner,
        )

    def plan(self, sample: Sample, question: Question = DEFECT_QUESTION) -> Plan | str:
        """See ``Prompter.plan``."""
        if sample.image_id in self._unreadable:
            return self._unreadable[sample.image_id]
        prediction = self._predictions.by_image[sample.image_id]
        try:
            query = read_kept(sample.image_path, sample.bit_depth)
            inquiry = Inquiry(
                image_id=sample.image_id,
                category=self._category if self._config.echo.within_category else None,
                query=query,
                embedding=self._embedding(query, prediction.embedding, question),
                question=question,
            )
            return echo.plan(
                self._echo,
                inquiry,
                self._config,
                prediction=prediction,
                threshold=self._threshold,
                with_eagle=self._with_eagle,
                is_defective=sample.is_defective,
            )
        except DataError as error:
            return str(error)

    def _embedding(self, query: Image.Image, of_backbone: np.ndarray, question: Question) -> np.ndarray:
        """What the memory is searched by: the image, the nearest knowledge text, or both."""
        settings = self._config.echo
        if settings.encoder == "backbone":
            return of_backbone
        encoder = clip_encoder(settings.encoder, self._config.run.device)
        [image] = encoder.images([query])
        if settings.retrieval == "image":
            return np.asarray(image)
        told = knowledge_stage.text_for(self._knowledge, self._config, question.question_type).splitlines()
        if not told:
            raise ConfigurationError("echo.retrieval looks texts up, but there is no knowledge; set echo.knowledge_file")
        texts = encoder.texts(told)
        text = texts[int(np.argmax(texts @ image))]
        return np.asarray(text if settings.retrieval == "text" else combined(image, text))
