"""Everything a benchmark depends on, as one object."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from eagle_core.config.data import DatasetConfig
from eagle_core.config.echo import EchoConfig
from eagle_core.config.expert import ExpertConfig, ThresholdConfig
from eagle_core.config.mllm import CaasConfig, ExplanationConfig, GuidanceConfig, MllmConfig, RetrievalConfig
from eagle_core.config.questions import QuestionsConfig
from eagle_core.config.run import EvaluationConfig, JudgingConfig, ReportConfig, RunConfig, TrackingConfig
from eagle_core.config.section import Section
from eagle_core.config.service import ServiceConfig


class EagleConfig(Section):
    """Everything a benchmark depends on."""

    datasets: dict[str, DatasetConfig] = Field(min_length=1)
    """By name. A profile or override takes an inherited one away by setting it to null."""
    methods: tuple[Literal["expert", "mllm", "eagle_no_caas", "eagle", "echo", "eagle_echo"], ...] = Field(("expert", "mllm", "eagle_no_caas", "eagle"), min_length=1)
    mllms: dict[str, MllmConfig] = {"embedded": MllmConfig()}
    """By the name that records and tables show; null takes an inherited one away. Empty: only the expert can judge."""
    expert: ExpertConfig = ExpertConfig()
    threshold: ThresholdConfig = ThresholdConfig()
    guidance: GuidanceConfig = GuidanceConfig()
    retrieval: RetrievalConfig = RetrievalConfig()
    caas: CaasConfig = CaasConfig()
    explanation: ExplanationConfig = ExplanationConfig()
    echo: EchoConfig = EchoConfig()
    questions: QuestionsConfig = QuestionsConfig()
    judging: JudgingConfig = JudgingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    report: ReportConfig = ReportConfig()
    run: RunConfig = RunConfig()
    tracking: TrackingConfig = TrackingConfig()
    service: ServiceConfig = ServiceConfig()

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

    @field_validator("methods")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) != len(value):
            raise ValueError("a method is named twice")
        return value

    @model_validator(mode="after")
    def _somebody_to_ask(self) -> EagleConfig:
        asking = [method for method in self.methods if method != "expert"]
        if asking and not self.mllms:
            raise ValueError(
                f"methods: {', '.join(asking)} need an MLLM; add one under mllms, such as "
                "{qwen: {model: Qwen/Qwen2.5-VL-7B-Instruct}}, or take them out"
            )
        return self

    @model_validator(mode="after")
    def _station_asks_whom_it_knows(self) -> EagleConfig:
        ask = self.service.ask
        if ask is not None and ask.mllm not in self.mllms:
            raise ValueError(f"service.ask.mllm {ask.mllm!r} is unknown; there are: {', '.join(self.mllms) or 'none'}")
        return self

    @model_validator(mode="after")
    def _gate_has_its_level(self) -> EagleConfig:
        if self.caas.gate == "warning" and self.threshold.warn_rate is None:
            raise ValueError("caas.gate: warning opens from the warning level on; set threshold.warn_rate")
        return self

    @model_validator(mode="after")
    def _names_agree(self) -> EagleConfig:
        for key, dataset in self.datasets.items():
            if dataset.name != key:
                raise ValueError(f"datasets.{key}.name must be {key!r}, got {dataset.name!r}")
        return self
