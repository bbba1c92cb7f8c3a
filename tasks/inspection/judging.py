"""Judges images by the normal images of a category: the expert always, an MLLM where there is one that may be asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import EagleConfig
from eagle_core.data.demo.membership import is_demo_image
from eagle_core.expert.bundle import load_expert
from eagle_core.methods.expert import guide
from eagle_core.methods.headline import headline
from eagle_core.methods.plan import Plan
from eagle_core.names import as_text
from eagle_core.records import ExpertPrediction, Failure, Sample, Threshold
from eagle_core.threshold.pixels import fit_pixel_threshold
from tasks.inspection.verdict import Asked, Verdict
from tasks.machinery.holders import identity_of
from tasks.machinery.inputs import category_of, limit_threads
from tasks.machinery.stand_in import is_stand_in
from tasks.machinery.store import Entry
from tasks.stages import expert, threshold
from tasks.stages.answers import Job, answer_inputs, answers_to
from tasks.stages.appearance import unlike_training
from tasks.stages.explanations import explanations_to
from tasks.stages.predictions import Predictions
from tasks.stages.prompter import TemplatePrompter


def inspect_images(
    config: EagleConfig, images: Sequence[Path], dataset: str, category: str, mllm: str | None, *, explain: bool, insist: bool = False
) -> tuple[list[Verdict], list[Failure]]:
    """Judge ``images``; what cannot be read comes back as failures.

    Args:
        config: Of the project.
        images: Files.
        dataset: Whose category.
        category: By whose normal images.
        mllm: Who is asked beside the expert; None: nobody.
        explain: Ask a real MLLM, or the stand-in about the demo's own images, for a sentence about defects.
        insist: Ask a stand-in about images that it was not made for, too. Its word never counts.
    """
    limit_threads(config)
    depth = next((sample.bit_depth for sample in category_of(config, dataset, category).train), 16)
    samples = tuple(Sample(dataset, category, as_text(str(path)), path, "test", None, bit_depth=depth) for path in images)
    fitted = expert.fit(config, dataset, category)
    entry = threshold.fit(config, dataset, category, fitted, None)
    known = load_expert(fitted.path)
    readings = expert.read_images(config, known, samples, category)
    predictions = {r.image_id: r for r in readings if isinstance(r, ExpertPrediction)}
    unlike = unlike_training(config, (dataset, category), known, samples, predictions)
    judged = [prediction for image_id, prediction in predictions.items() if image_id not in unlike]
    tau = threshold.compare(threshold.read_threshold(entry), known, judged, config)
    pixels = fit_pixel_threshold(known.training_scores, config.threshold.false_pixel_rate)
    failures = [r for r in readings if isinstance(r, Failure)]

    askable = [s for s in samples if s.image_id in predictions and s.image_id not in unlike]
    if mllm is not None and is_stand_in(config.mllms[mllm]) and not insist:
        askable = [s for s in askable if is_demo_image(s.image_path)]
        if askable and not (config.mllms[mllm].beyond_the_demo or _are_of_the_demo(category_of(config, dataset, category).train)):
            askable = []
    asked, unplanned = ask(config, mllm, askable, fitted, predictions, tau) if mllm is not None and askable else ({}, [])
    failures += unplanned
    verdicts = []
    for sample in samples:
        if sample.image_id not in predictions or sample.image_id in {f.image_id for f in unplanned}:
            continue
        prediction, one = predictions[sample.image_id], asked.get(sample.image_id)
        counts = one is not None and not one.stand_in
        decided = headline(
            prediction.score,
            tau,
            mllm=one.name if one is not None and counts else None,
            mllm_says_defective=one.defective if one is not None and counts else None,
            unlike=unlike.get(sample.image_id),
        )
        verdicts.append(Verdict(sample, prediction, tau, guide(prediction, tau, config), decided, one, pixels))
    return [explained(config, verdict) if explain else verdict for verdict in verdicts], failures


def _are_of_the_demo(normal: Sequence[Sample]) -> bool:
    """Whether a stand-in has seen the like of the images that are shown beside a part."""
    return all(is_demo_image(sample.image_path) for sample in normal)


def ask(
    config: EagleConfig,
    mllm: str,
    samples: Sequence[Sample],
    fitted: Entry,
    predictions: dict[str, ExpertPrediction],
    tau: Threshold,
) -> tuple[dict[str, Asked], list[Failure]]:
    """The MLLM's answers by image_id, and images that could not be asked about."""
    dataset, category = samples[0].dataset, samples[0].category
    method, settings = _way_of_asking(config, mllm)
    prompter = TemplatePrompter(config, (dataset, category), method, fitted, Predictions(predictions, ()), tau)
    planned = [(sample, prompter.plan(sample)) for sample in samples]
    good = [(sample, plan) for sample, plan in planned if isinstance(plan, Plan)]
    answers, _ = answers_to(config, Job(dataset, category, mllm, method), identity_of(config, mllm), [p for _, p in good], settings)
    stand_in = is_stand_in(config.mllms[mllm])
    asked = {
        sample.image_id: Asked(mllm, stand_in, plan, answer)
        for (sample, plan), answer in zip(good, answers, strict=True)
    }
    return asked, [Failure(sample.image_id, plan) for sample, plan in planned if isinstance(plan, str)]


def explained(config: EagleConfig, verdict: Verdict) -> Verdict:
    """With a sentence, where a defect is reported and who is asked has seen such images."""
    asked = verdict.asked
    if asked is None or not asked.defective or verdict.headline.word not in ("defective", "disputed"):
        return verdict
    if asked.stand_in and not is_demo_image(verdict.sample.image_path):
        return verdict
    method, settings = _way_of_asking(config, asked.name)
    job = Job(verdict.sample.dataset, verdict.sample.category, asked.name, method)
    inputs = answer_inputs(config, job, identity_of(config, asked.name), asked.plan, settings)
    [text] = explanations_to(config, asked.name, [asked.plan], [inputs], settings)
    return dataclasses.replace(verdict, asked=dataclasses.replace(asked, explanation=text))


def _way_of_asking(config: EagleConfig, mllm: str) -> tuple[Literal["eagle", "eagle_no_caas"], AttentionSettings | None]:
    """The method, and how attention is guided. A served model's cannot be: it is asked as EAGLE without CAAS."""
    if config.mllms[mllm].endpoint is not None:
        return "eagle_no_caas", None
    return "eagle", AttentionSettings.from_config(config.caas)
