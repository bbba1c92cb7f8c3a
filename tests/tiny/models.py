"""Tiny random models of real transformers classes, with real processors: one builder per family."""

from __future__ import annotations

from collections.abc import Callable

from tests.tiny.base import Tiny
from tests.tiny.fast_vlm import fast_vlm
from tests.tiny.llava import llava, llava_next, llava_onevision
from tests.tiny.minicpm import minicpmv4_6
from tests.tiny.qwen import qwen2_5_vl, qwen2_vl, qwen3_vl
from tests.tiny.tiled import idefics3, internvl, smolvlm

BUILDERS: dict[str, Callable[[], Tiny]] = {
    "fast_vlm": fast_vlm,
    "idefics3": idefics3,
    "internvl": internvl,
    "llava": llava,
    "llava_next": llava_next,
    "llava_onevision": llava_onevision,
    "minicpmv4_6": minicpmv4_6,
    "qwen2_5_vl": qwen2_5_vl,
    "qwen2_vl": qwen2_vl,
    "qwen3_vl": qwen3_vl,
    "smolvlm": smolvlm,
}
"""By ``model_type``."""
