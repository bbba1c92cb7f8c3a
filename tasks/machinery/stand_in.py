"""Is an MLLM asked about a dataset? The embedded one is a stand-in for the demo: about other images only where it is told to."""

from __future__ import annotations

from collections.abc import Iterable

from eagle_core.config import EagleConfig, MllmConfig
from tasks.machinery.inputs import is_of_the_demo

HOW_TO = (
    "a real MLLM is one line in params.yaml, such as mllms: {qwen: {model: Qwen/Qwen2.5-VL-7B-Instruct, dtype: bfloat16, "
    "device: cuda}} (`eagle models` lists them)"
)


def is_stand_in(mllm: MllmConfig) -> bool:
    """Whether it is one of the embedded MLLMs, which have never seen a photograph."""
    return mllm.endpoint is None and mllm.model.startswith("embedded")


def is_asked(config: EagleConfig, dataset: str, mllm: str) -> bool:
    """Whether ``mllms.<mllm>`` is asked about the images of ``dataset``."""
    wanted = config.mllms[mllm]
    return not is_stand_in(wanted) or wanted.beyond_the_demo or is_of_the_demo(config, dataset)


def not_asked_notes(config: EagleConfig, datasets: Iterable[str]) -> tuple[str, ...]:
    """A line for each dataset and MLLM that a run leaves unasked although its methods would ask."""
    if set(config.methods) <= {"expert"}:
        return ()
    return tuple(why_not_asked(name, mllm) for name in dict.fromkeys(datasets) for mllm in config.mllms if not is_asked(config, name, mllm))


def why_not_asked(dataset: str, mllm: str) -> str:
    """One line for a table's notes."""
    return (
        f"{dataset}: the expert decides; the embedded MLLM ({mllm}) is a stand-in made for the demo's images and is not asked "
        f"about others; {HOW_TO}"
    )
