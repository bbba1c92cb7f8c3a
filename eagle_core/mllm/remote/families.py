"""The families whose code comes with their checkpoints, by ``model_type``. Adding one is adding a line."""

from __future__ import annotations

from eagle_core.mllm.remote.family import Build
from eagle_core.mllm.remote.internvl2 import InternVl2
from eagle_core.mllm.remote.minicpm import MiniCpmV

REMOTE_FAMILIES: dict[str, Build] = {"minicpmv": MiniCpmV, "internvl_chat": InternVl2}
