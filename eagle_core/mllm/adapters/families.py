"""The families that Eagle knows. Adding one is adding a line, and a tiny configuration to the tests."""

from __future__ import annotations

from eagle_core.errors import ModelError
from eagle_core.mllm.adapters import grids
from eagle_core.mllm.adapters.adapter import Adapter

FAMILIES: dict[str, Adapter] = {
    adapter.model_type: adapter
    for adapter in (
        Adapter("Qwen2.5-VL", "qwen2_5_vl", grid=grids.whole_image, remembers_images=True),
        Adapter("Qwen2-VL", "qwen2_vl", grid=grids.whole_image, remembers_images=True),
        Adapter("Qwen3-VL", "qwen3_vl", grid=grids.whole_image),
        Adapter("InternVL", "internvl", grid=grids.tiles_then_thumbnail),
        Adapter("LLaVA-1.5", "llava", several_images="accepted", images_first=True, grid=grids.centre_crop),
        Adapter(
            "LLaVA-NeXT",
            "llava_next",
            system_role=False,
            several_images="accepted",
            images_first=True,
            marks=("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"),
            grid=grids.any_resolution,
        ),
        Adapter("LLaVA-OneVision", "llava_onevision", images_first=True, grid=grids.any_resolution_single),
        Adapter("Idefics3", "idefics3", grid=grids.split_then_global),
        Adapter("SmolVLM", "smolvlm", grid=grids.split_then_global),
        Adapter(
            "FastVLM",
            "fast_vlm",
            grid=grids.centre_crop,
            remembers_images=True,
            tower="eagle_core.mllm.backbone_tokens",
        ),
        Adapter("MiniCPM-V 4.6", "minicpmv4_6", grid=grids.source_then_slices),
    )
}


def adapter_for(model_type: str, source: str) -> Adapter:
    """The adapter of a checkpoint.

    Raises:
        ModelError: The family is not known; lists those that are.
    """
    if model_type not in FAMILIES:
        known = ", ".join(f"{a.family} ({a.model_type})" for a in FAMILIES.values())
        raise ModelError(f"{source}: model type {model_type!r} has no adapter; known are {known}")
    return FAMILIES[model_type]
