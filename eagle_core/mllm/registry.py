"""The MLLMs of the papers and of today, for ``eagle models``: what they need, what was verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eagle_core.config import MllmConfig
from eagle_core.errors import ModelError
from eagle_core.mllm.model_files import locate
from eagle_core.mllm.remote.code import BRING_CODE

Verified = Literal["tiny config", "real size, random weights", "real weights", "never"]


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One line of ``eagle models``."""

    name: str
    source: str
    """Hub id, or ``embedded``."""
    parameters: float | None
    """Number of parameters in billions, nominal; None: not known here."""
    verified: Verified
    """On what Eagle's answers and CAAS were checked for this model's class."""
    caas: str
    """``yes``, where, or why not."""

    @property
    def own_code(self) -> bool:
        """The checkpoint brings code of its own, which runs only with ``trust_remote_code`` and a ``revision``."""
        return self.source in BRING_CODE

    @property
    def needs(self) -> tuple[str, ...]:
        """What its configuration must say besides ``model``."""
        return ("trust_remote_code", "revision") if self.own_code else ()

    @property
    def size(self) -> str:
        """Parameters, in words."""
        if self.parameters is None:
            return "unknown"
        return f"{self.parameters:g} B" if self.parameters >= 0.1 else f"{self.parameters * 1000:.1f} M"

    @property
    def memory(self) -> str:
        """Memory of the weights in bfloat16 plus a fifth for activations: an estimate, not a measurement."""
        if self.parameters is None:
            return "unknown"
        gib = self.parameters * 1e9 * 2 * 1.2 / 2**30
        return f"about {gib:.0f} GiB" if gib >= 1 else "below 1 GiB"

    def weights_present(self) -> bool:
        """Whether the weights are on this machine."""
        try:
            locate(MllmConfig(model=self.source))
        except ModelError:
            return False
        return True


UNTESTED = "remote code; untested on the checkpoint"
REFUSED = "not where the decoder is remote code too; untested on the checkpoint"

KNOWN_MODELS = (
    KnownModel("embedded", "embedded", 0.0037, "real weights", "yes"),
    KnownModel("LLaVA-1.5-7B", "llava-hf/llava-1.5-7b-hf", 7.1, "tiny config", "yes"),
    KnownModel("LLaVA-NeXT-7B", "llava-hf/llava-v1.6-mistral-7b-hf", 7.6, "tiny config", "yes"),
    KnownModel("Qwen2.5-VL-7B", "Qwen/Qwen2.5-VL-7B-Instruct", 8.3, "tiny config", "yes"),
    KnownModel("InternVL3-8B", "OpenGVLab/InternVL3-8B-hf", 7.9, "tiny config", "yes"),
    KnownModel("LLaVA-OneVision-7B", "llava-hf/llava-onevision-qwen2-7b-ov-hf", 8.0, "tiny config", "yes"),
    KnownModel("Qwen2-VL-2B", "Qwen/Qwen2-VL-2B-Instruct", 2.2, "tiny config", "yes"),
    KnownModel("Qwen2-VL-7B", "Qwen/Qwen2-VL-7B-Instruct", 8.3, "tiny config", "yes"),
    KnownModel("Qwen3-VL-4B", "Qwen/Qwen3-VL-4B-Instruct", 4.4, "tiny config", "yes"),
    KnownModel("MiniCPM-V 4.6", "openbmb/MiniCPM-V-4.6", None, "tiny config", "every fourth layer"),
    KnownModel("Idefics3-8B", "HuggingFaceM4/Idefics3-8B-Llama3", 8.5, "tiny config", "yes"),
    KnownModel("SmolVLM2-2.2B", "HuggingFaceTB/SmolVLM2-2.2B-Instruct", 2.2, "tiny config", "yes"),
    KnownModel("MiniCPM-V 4.5", "openbmb/MiniCPM-V-4_5", 8.7, "never", UNTESTED),
    KnownModel("MiniCPM-V 2.6", "openbmb/MiniCPM-V-2_6", 8.1, "never", UNTESTED),
    KnownModel("InternVL2-4B", "OpenGVLab/InternVL2-4B", 4.1, "never", REFUSED),
    KnownModel("InternVL2-8B", "OpenGVLab/InternVL2-8B", 8.1, "never", REFUSED),
)


def known_models() -> tuple[KnownModel, ...]:
    """All models Eagle has an adapter for."""
    return KNOWN_MODELS
