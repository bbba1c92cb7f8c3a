"""Is an MLLM asked about a dataset? The embedded one is a stand-in for the demo: about other images only where it is told to."""

from __future__ import annotations

from eagle_core.config import EagleConfig, MllmConfig
from eagle_core.data.demo.membership import is_demo_dataset

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
    return not is_stand_in(wanted) or wanted.beyond_the_demo or is_demo_dataset(config.datasets[dataset].root)


def why_not_asked(dataset: str, mllm: str) -> str:
    """One line for a table's notes."""
    return (
        f"{dataset}: the expert decides; the embedded MLLM ({mllm}) is a stand-in made for the demo's images and is not asked "
        f"about others; {HOW_TO}"
    )
