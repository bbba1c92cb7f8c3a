"""What decides the weights of the embedded multimodal LLM."""

from __future__ import annotations

from dataclasses import dataclass

from eagle_core.training.loop import Schedule


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the weights besides the seed."""

    reading: Schedule = Schedule(steps=3200, learning_rate=1.5e-3)
    """The language stage."""
    acuity_seed: int = 1000
    acuity_categories: int = 1500
    acuity: Schedule = Schedule(steps=600, learning_rate=1.5e-3)
    aligned_seed: int = 2000
    training_categories: int = 8000
    """Drawn for alignment, and as many others for instruction."""
    instructed_seed: int = 3000
    """Of the categories of the instruction stage, none of which alignment has shown."""
    vision_seed: int = 0
    """Of the heads that see, for every seed of the decoder."""
    sight: Schedule = Schedule(steps=3600, learning_rate=2e-3)
    """Of cell reader and projector with these heads, before alignment."""
    alignment: Schedule = Schedule(steps=1600, learning_rate=1.5e-3, gentle=0.2)
    instruction: Schedule = Schedule(steps=1900, learning_rate=1e-3)
    prior_reliability: float = 0.88
    """Probability that the expert's verdict in a training prompt is right."""
    validation_seed: int = 998_000
    """Of the categories that choices are made on; none are made on the held-out ones."""
    held_out_seed: int = 999_000
    held_out_categories: int = 300
    instruction_gate_categories: int = 100
    """Of the held-out ones: each is asked two dozen prompts."""
    gate_questions: int = 300
    """Of each share of letters about scenes in words that a gate measures."""
