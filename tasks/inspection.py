"""Verdicts on single images outside a benchmark: the same stages, without Prefect and MLflow."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import EagleConfig
from eagle_core.data.images import read_image_of
from eagle_core.errors import ConfigurationError
from eagle_core.expert.bundle import load_expert
from eagle_core.guidance.evidence import contradictions
from eagle_core.guidance.explanation import explanation_instead
from eagle_core.methods.expert import guide
from eagle_core.methods.plan import Plan
from eagle_core.names import as_text
from eagle_core.records import (
    Answer,
    ExpertPrediction,
    Failure,
    Guidance,
    Prompt,
    Sample,
    Threshold,
)
from eagle_core.report import overlay_panel
from tasks.machinery.holders import identity_of, turn_of
from tasks.machinery.inputs import category_of, dataset_of, limit_threads
from tasks.stages import expert, threshold
from tasks.stages.answers import Job, answers_to
from tasks.stages.predictions import Predictions
from tasks.stages.prompter import TemplatePrompter

EXPLANATION_TOKENS = 32


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Eagle says about one image."""

    sample: Sample
    prediction: ExpertPrediction
    threshold: Threshold
    prompt: Prompt
    guidance: Guidance
    answer: Answer
    explanation: str | None

    @property
    def contradictions(self) -> tuple[str, ...]:
        """What the explanation claims against score, boxes and answer."""
        if self.explanation is None:
            return ()
        return contradictions(
            self.explanation,
            verdict_defective=self.defective,
            score=self.prediction.score,
            tau=self.threshold.tau,
            boxes=self.guidance.boxes,
            image_size=self.prediction.image_size,
        )

    @property
    def defective(self) -> bool | None:
        """The MLLM's verdict; None where its answer could not be read."""
        return None if self.answer.p_defect is None else self.answer.p_defect >= 0.5


def choose_category(config: EagleConfig, dataset: str | None, category: str | None) -> tuple[str, str]:
    """The dataset and category to judge by; where there is one only, it need not be named.

    Raises:
        ConfigurationError: The name is unknown or missing; the message lists what there is.
    """
    name = dataset or next(iter(config.datasets))
    if name not in config.datasets:
        raise ConfigurationError(f"--dataset {name!r} is unknown; there are: {', '.join(config.datasets)}")
    categories = dataset_of(config, name).categories
    if category is None and len(categories) == 1:
        category = next(iter(categories))
    if category not in categories:
        raise ConfigurationError(f"--category {category!r} is unknown in {name}; there are: {', '.join(categories)}")
    return name, category


def inspect_images(
    config: EagleConfig, images: Sequence[Path], dataset: str, category: str, mllm: str, *, explain: bool
) -> tuple[list[Verdict], list[Failure]]:
    """Judge ``images`` by the normal images of a category; what cannot be read comes back as failures."""
    limit_threads(config)
    [depth] = {sample.bit_depth for sample in category_of(config, dataset, category).train}
    samples = tuple(Sample(dataset, category, as_text(str(path)), path, "test", None, bit_depth=depth) for path in images)
    fitted = expert.fit(config, dataset, category)
    entry = threshold.fit(config, dataset, category, fitted, None)
    known = load_expert(fitted.path)
    readings = expert.read_images(config, known, samples, category)
    predictions = {r.image_id: r for r in readings if isinstance(r, ExpertPrediction)}
    tau = threshold.compare(threshold.read_threshold(entry), known, list(predictions.values()), config)
    failures = [r for r in readings if isinstance(r, Failure)]

    job = Job(dataset, category, mllm, "eagle")
    read = Predictions(predictions, tuple(failures))
    prompter = TemplatePrompter(config, (dataset, category), "eagle", fitted, read, tau)
    planned = [(s, prompter.plan(s)) for s in samples if s.image_id in predictions]
    failures += [Failure(s.image_id, p) for s, p in planned if isinstance(p, str)]
    good = [(s, p) for s, p in planned if isinstance(p, Plan)]
    settings = AttentionSettings.from_config(config.caas)
    answers, _ = answers_to(config, job, identity_of(config, mllm), [p for _, p in good], settings)
    verdicts = []
    for (sample, p), answer in zip(good, answers, strict=True):
        guidance = guide(predictions[sample.image_id], tau, config)
        verdict = Verdict(sample, predictions[sample.image_id], tau, p.prompt, guidance, answer, None)
        if verdict.defective and explain:
            prompt = explanation_instead(p.prompt)
            with turn_of(config, mllm) as model:
                text = model.generate([prompt], guidance=[p.attention], settings=settings, max_new_tokens=EXPLANATION_TOKENS)
            verdict = dataclasses.replace(verdict, explanation=text[0])
        verdicts.append(verdict)
    return verdicts, failures


def file_stems(images: Sequence[Path]) -> dict[Path, str]:
    """Names for each image's overlay and JSON: its folder and name; with part of its path's hash where two would be equal."""
    plain = {path: f"{path.resolve().parent.name}-{path.stem}" for path in images}
    counts = Counter(plain.values())
    return {
        path: stem if counts[stem] == 1 else f"{stem}-{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}"
        for path, stem in plain.items()
    }


def write_verdict(config: EagleConfig, verdict: Verdict, folder: Path, stem: str) -> tuple[Path, Path]:
    """Write the overlay and the JSON of a verdict as ``folder/stem.png`` and ``.json``; returns their paths."""
    category = category_of(config, verdict.sample.dataset, verdict.sample.category)
    folder.mkdir(parents=True, exist_ok=True)
    picture, described = folder / f"{stem}.png", folder / f"{stem}.json"
    overlay_panel.draw(
        read_image_of(verdict.sample),
        verdict.prediction,
        verdict.threshold,
        verdict.guidance,
        config.expert.preprocessing,
        picture,
        p_defect=verdict.answer.p_defect,
        explanation=verdict.explanation,
    )
    facts = {
        "image": verdict.sample.image_id,
        "category": category.name,
        "verdict": {True: "defective", False: "normal", None: "unparsed"}[verdict.defective],
        "p_defect": verdict.answer.p_defect,
        "expert": {
            "verdict": "anomalous" if verdict.guidance.predicted_anomalous else "normal",
            "score": verdict.prediction.score,
            "tau": verdict.threshold.tau,
            "s_max": verdict.threshold.s_max,
        },
        "threshold_warnings": list(verdict.threshold.warnings),
        "shifted": verdict.threshold.shift is not None and verdict.threshold.shift.shifted,
        "low_confidence": verdict.guidance.gate_open,
        "boxes": [dataclasses.asdict(box) for box in verdict.guidance.boxes],
        "explanation": verdict.explanation,
        "contradictions": list(verdict.contradictions),
    }
    described.write_text(json.dumps(facts, indent=1, allow_nan=False), encoding="utf-8")
    return picture, described
