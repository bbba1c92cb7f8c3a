"""The multimodal LLM: what it is shown, how it is asked, how its attention is guided."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from eagle_core.config.section import Positive, Section


class GuidanceConfig(Section):
    """Textual prior and visual prompt (paper: section 3.2.3; single-modality rows of Table 3)."""

    textual_prior: Literal["always", "never"] = "always"
    prior: Literal["expert", "right", "wrong"] = "expert"
    """Whose verdict is told: right and wrong look at labels, to measure how far the MLLM follows what it is told."""
    visual_prompt: Literal["anomalous", "always", "never"] = "anomalous"
    box_rule: Literal["tau", "authors"] = "tau"
    max_boxes: Positive = 3
    line_width: Positive = 2


class RetrievalConfig(Section):
    """Normal templates shown to the MLLM (1-shot+ of MMAD)."""

    shots: Annotated[int, Field(ge=0, le=3)] = 1
    selection: Literal["similar", "random"] = "similar"


class EndpointConfig(Section):
    """A server that speaks the OpenAI chat-completions protocol (vLLM, SGLang, Ollama)."""

    url: Annotated[str, Field(pattern=r"^https?://\S+$")]
    """Base, such as http://localhost:8000/v1."""
    api_key_variable: str | None = None
    """Name of the environment variable that holds the key; the key itself is never configured, stored or logged."""
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
    retries: Annotated[int, Field(ge=0)] = 4
    """After a cut connection, a 429 or a server error; waits 0.5, 1, 2, … seconds."""


class MllmConfig(Section):
    """The multimodal LLM and how it is asked."""

    model: str = "embedded"
    """``embedded`` (also ``embedded-control``), a local directory, a hub id, or the name that an endpoint serves."""
    endpoint: EndpointConfig | None = None
    """Asked instead of loading a model here. Its attention cannot be guided: eagle and eagle_echo are refused."""
    revision: str | None = None
    """Commit, branch or tag of a hub id; with trust_remote_code the full commit. A local directory has none: its
    files, code included, are hashed into the cache keys."""
    trust_remote_code: bool = False
    """Run the Python files that the model brings along (docs/remote_code.md). Read them first."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    attention: Literal["sdpa", "flash_attention_2", "flash_attention_3"] = "sdpa"
    """transformers' implementation; flash attention needs a GPU and its package, and cannot be observed (attention
    ratios and maps)."""
    quantization: Literal["8bit", "4bit"] | None = None
    """Through bitsandbytes, where it is installed; what is not quantised has ``dtype``."""
    device: str = "cpu"
    """cpu, cuda, cuda:1, …; or spread by accelerate over all GPUs and the processor: auto, balanced, sequential."""
    batch_size: Positive = 16
    beyond_the_demo: bool = False
    """The embedded MLLMs only: true asks them about images that are not the demo's, for experiments; what they say there
    is worth nothing."""
    answer: Literal["logits", "generate", "paper"] = "logits"
    """logits: option letters' probabilities; generate: the letter in the text; paper: its keyword rule (4.1)."""
    max_new_tokens: Positive = 32


class CaasConfig(Section):
    """Confidence-aware attention sharpening (paper: section 3.3.3, Eq. 9)."""

    alpha: Annotated[float, Field(gt=-1)] = 0.6
    """Visual tokens are scaled by 1 + alpha."""
    beta: Annotated[float, Field(gt=-1)] = 0.0
    """The prior sentence's tokens are scaled by 1 + beta (Table 4: -0.4)."""
    mode: Literal["logits", "centred", "weights", "values"] = "logits"
    first_layer: int = 9
    last_layer: int = 15
    """0-based, inclusive, for a decoder of 28 layers; scaled to the model's depth unless it has 28-36."""
    scale_layers: bool = True
    gate: Literal["paper", "symmetric", "warning", "always"] = "paper"
    gate_width: Annotated[float, Field(gt=0)] = 1.0
    """symmetric gate: |s - tau| <= gate_width * sigma."""
    tokens: Literal["all", "template", "query", "boxed_query"] = "all"

    @model_validator(mode="after")
    def _layers_in_order(self) -> CaasConfig:
        if not 0 <= self.first_layer <= self.last_layer:
            raise ValueError(f"layers must satisfy 0 <= first_layer <= last_layer, got {self.first_layer}, {self.last_layer}")
        return self


class ExplanationConfig(Section):
    """One sentence about the defect (kind, place, severity), checked against the expert's evidence."""

    when: Literal["never", "defective", "always"] = "defective"
    """defective: where the MLLM's own answer is "defective"."""
    methods: tuple[Literal["mllm", "eagle_no_caas", "eagle"], ...] = ("eagle",)
    max_new_tokens: Positive = 32
