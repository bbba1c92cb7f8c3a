"""The configuration: one typed, frozen section per stage. Unknown keys and impossible values are refused.

Knows nothing of params.yaml, profiles or command lines (``tasks.params`` reads those and builds this).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Positive = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(gt=0, lt=1)]


class Section(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DegradationConfig(Section):
    """How test images are made worse before anybody sees them; the default leaves them alone."""

    brightness: Annotated[float, Field(gt=0)] = 1.0
    contrast: Annotated[float, Field(gt=0)] = 1.0
    blur: Annotated[float, Field(ge=0)] = 0.0
    """Radius of a Gaussian in pixels."""
    resolution: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Sides are shrunk to this share and back."""
    noise: Annotated[float, Field(ge=0)] = 0.0
    """Standard deviation, of 255."""


class DatasetConfig(Section):
    """One dataset to benchmark."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    format: Literal["mvtec", "visa", "folder"] = "mvtec"
    """Layout on disk: MVTec-AD's, VisA's with its split CSV, or plain folders."""
    root: Path
    categories: tuple[str, ...] | None = None
    """None: all that are there."""
    degradation: DegradationConfig = DegradationConfig()


class PreprocessingConfig(Section):
    """How an image becomes the expert's input. Paper (4.1): resize 256, centre crop 224."""

    resize: Positive = 224
    """Side in pixels; see ``fit``."""
    fit: Literal["stretch", "short_side"] = "stretch"
    """stretch: both sides to ``resize`` (no border goes uninspected); short_side: keep the aspect, then crop."""
    center_crop: Positive | None = None

    @model_validator(mode="after")
    def _crop_fits(self) -> PreprocessingConfig:
        if self.center_crop is not None and self.center_crop > self.resize:
            raise ValueError(f"center_crop ({self.center_crop}) exceeds resize ({self.resize})")
        if self.fit == "short_side" and self.center_crop is None:
            raise ValueError("fit: short_side needs center_crop, because images of a batch must have one size")
        return self


class BackboneConfig(Section):
    """The feature extractor. Weights: ``embedded``, ``pretrained`` (downloaded by name), or a local safetensors file."""

    name: str = "embedded"
    """``embedded``, or a timm model name."""
    weights: str = "embedded"
    layers: tuple[str, ...] = ("layer2", "layer3")


class CoresetConfig(Section):
    """Greedy coreset sampling (paper: Eq. 1)."""

    ratio: Annotated[float, Field(gt=0, le=1)] = 0.1
    projection_dim: Positive | None = 128
    """Dimension of the random projection used for sampling only; None: none."""


class ExpertConfig(Section):
    """PatchCore."""

    preprocessing: PreprocessingConfig = PreprocessingConfig()
    backbone: BackboneConfig = BackboneConfig()
    coreset: CoresetConfig = CoresetConfig()
    distance: Literal["euclidean", "squared"] = "euclidean"
    """Paper: euclidean (Eq. 3); the authors' code: squared."""
    leave_own_image_out: bool = True
    """DBT scores against the bank without the image's own patches; false: Algorithm 1 as printed."""
    patches: Literal["unsampled", "all"] = "unsampled"
    min_unsampled_patches: Positive = 32
    """Training images with fewer are left out of the fit, and reported."""
    batch_size: Positive = 8


class ThresholdConfig(Section):
    """Distribution-based thresholding (paper: section 3.2.2)."""

    method: Literal["kappa_sigma", "gev", "quantile", "mad", "conformal", "authors_evt", "oracle"] = "kappa_sigma"
    kappa: Annotated[float, Field(ge=0)] = 3.0
    """kappa_sigma and mad: tau = centre + kappa * spread."""
    false_alarm_rate: Fraction = 0.01
    """gev, quantile, conformal: target share of normal images above tau."""
    adapt: Literal["never", "when_shifted"] = "never"
    """when_shifted: tau follows the scores of a batch that differs from the training images (looks at test images)."""
    bootstrap_samples: Positive = 1000
    min_images: Positive = 5
    """Fewer scored training images are an error."""


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


class MllmConfig(Section):
    """The multimodal LLM and how it is asked."""

    model: str = "embedded"
    """``embedded``, a local directory, or a hub id."""
    revision: str | None = None
    trust_remote_code: bool = False
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    device: str = "cpu"
    batch_size: Positive = 16
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
    gate: Literal["paper", "symmetric"] = "paper"
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


EchoModule = Literal["reference", "knowledge", "reasoning", "decision"]
QuestionTypeName = Literal[
    "anomaly_detection",
    "defect_classification",
    "defect_localization",
    "defect_description",
    "defect_analysis",
    "object_classification",
    "object_analysis",
]


class EchoConfig(Section):
    """Echo (its section 3): which modules serve which type of question, and what they read.

    The default mapping is its Table 3's. Localization is the bare MLLM there; Analysis leaves Knowledge out, though
    the text says otherwise. Echo leaves out the two types about the object: here they get what detection gets.
    """

    modules: dict[QuestionTypeName, tuple[EchoModule, ...]] = {
        "anomaly_detection": ("reference", "decision"),
        "defect_classification": ("reference", "knowledge", "decision"),
        "defect_localization": ("decision",),
        "defect_description": ("reference", "knowledge", "reasoning", "decision"),
        "defect_analysis": ("reference", "reasoning", "decision"),
        "object_classification": ("reference", "decision"),
        "object_analysis": ("reference", "decision"),
    }
    references: Annotated[int, Field(ge=0, le=3)] = 1
    selection: Literal["similar", "random"] = "similar"
    retrieval: Literal["image", "text", "combined"] = "image"
    """By what the query is looked up: its image; the knowledge text nearest to it; both (text needs a CLIP encoder)."""
    encoder: str = "backbone"
    """``backbone`` (the expert's), or a CLIP model: a local folder or a hub id (Echo: openai/clip-vit-base-patch16)."""
    within_category: bool = True
    """References come from the query's own category; false: from all, as in Echo's code."""
    exact_below: Positive = 10_000
    """Memories of at most so many images are searched exactly, larger ones by HNSW."""
    knowledge: Literal["none", "domain", "condensed"] = "condensed"
    knowledge_file: Path | None = None
    """MMAD's domain_knowledge.json; None: the generator's record where the data is generated, else none."""
    condenser: str = "rule_based"
    """Who condenses: ``rule_based``, or the name of one of ``mllms``."""
    reviewed: Path | None = None
    """Folder of reviewed knowledge, DATASET/CATEGORY.json, which is used in place of a fresh condensation."""

    @field_validator("modules")
    @classmethod
    def _every_type_decides(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        missing = sorted(set(get_args(QuestionTypeName)) - set(value))
        if missing:
            raise ValueError(f"echo.modules must name every question type; missing: {', '.join(missing)}")
        undecided = sorted(kind for kind, names in value.items() if "decision" not in names)
        if undecided:
            raise ValueError(f"every question type needs the module decision; without it: {', '.join(undecided)}")
        return value


class EvaluationConfig(Section):
    """Metrics."""

    bootstrap_samples: Positive = 1000
    confidence: Fraction = 0.95


class RunConfig(Section):
    """Where and how a run executes."""

    seed: Annotated[int, Field(ge=0)] = 0
    threads: Positive = 2
    """CPU threads of torch; results are bit-identical only for equal counts."""
    device: str = "cpu"
    """Where the expert runs: a torch device."""
    output_dir: Path = Path("runs")
    cache_dir: Path = Path(".eagle/cache")
    workers: Positive = 1
    """Categories in flight at once."""
    dask_address: str | None = None
    """Scheduler of a Dask cluster; None: threads of this process."""


class TrackingConfig(Section):
    """MLflow."""

    tracking_uri: str = "sqlite:///mlflow.db"
    experiment: str = "eagle"


class EagleConfig(Section):
    """Everything a benchmark depends on."""

    datasets: dict[str, DatasetConfig] = Field(min_length=1)
    """By name. A profile or override takes an inherited one away by setting it to null."""
    methods: tuple[Literal["expert", "mllm", "eagle_no_caas", "eagle", "echo", "eagle_echo"], ...] = ("expert", "mllm", "eagle_no_caas", "eagle")
    mllms: dict[str, MllmConfig] = Field(default={"embedded": MllmConfig()}, min_length=1)
    """By the name that records and tables show; null takes an inherited one away."""
    expert: ExpertConfig = ExpertConfig()
    threshold: ThresholdConfig = ThresholdConfig()
    guidance: GuidanceConfig = GuidanceConfig()
    retrieval: RetrievalConfig = RetrievalConfig()
    caas: CaasConfig = CaasConfig()
    explanation: ExplanationConfig = ExplanationConfig()
    echo: EchoConfig = EchoConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    run: RunConfig = RunConfig()
    tracking: TrackingConfig = TrackingConfig()

    @field_validator("datasets", "mllms", mode="before")
    @classmethod
    def _null_removes(cls, value: Any) -> Any:
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value

    @field_validator("datasets", mode="before")
    @classmethod
    def _name_from_key(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {k: {"name": k, **v} if isinstance(v, dict) else v for k, v in value.items()}

    @model_validator(mode="after")
    def _names_agree(self) -> EagleConfig:
        for key, dataset in self.datasets.items():
            if dataset.name != key:
                raise ValueError(f"datasets.{key}.name must be {key!r}, got {dataset.name!r}")
        return self
