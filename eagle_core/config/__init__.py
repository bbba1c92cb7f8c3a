"""The configuration: one typed, frozen section per stage. Unknown keys and impossible values are refused.

Knows nothing of params.yaml, profiles or command lines (``tasks.machinery.params`` reads those and builds this).
"""

from eagle_core.config.data import DatasetConfig, DegradationConfig, GroupsConfig
from eagle_core.config.eagle import EagleConfig
from eagle_core.config.echo import EchoConfig, EchoModule
from eagle_core.config.expert import (
    BackboneConfig,
    CoresetConfig,
    ExpertConfig,
    OtherRuntime,
    PreprocessingConfig,
    ThresholdConfig,
    TilesConfig,
)
from eagle_core.config.mllm import (
    CaasConfig,
    EndpointConfig,
    ExplanationConfig,
    GuidanceConfig,
    MllmConfig,
    RetrievalConfig,
)
from eagle_core.config.questions import QuestionsConfig
from eagle_core.config.run import (
    EngineConfig,
    EvaluationConfig,
    JudgingConfig,
    ReportConfig,
    RunConfig,
    TrackingConfig,
)
from eagle_core.config.service import ServiceConfig

__all__ = [
    "BackboneConfig",
    "CaasConfig",
    "CoresetConfig",
    "DatasetConfig",
    "DegradationConfig",
    "EagleConfig",
    "EchoConfig",
    "EchoModule",
    "EndpointConfig",
    "EngineConfig",
    "EvaluationConfig",
    "ExpertConfig",
    "ExplanationConfig",
    "GroupsConfig",
    "GuidanceConfig",
    "JudgingConfig",
    "MllmConfig",
    "OtherRuntime",
    "PreprocessingConfig",
    "QuestionsConfig",
    "ReportConfig",
    "RetrievalConfig",
    "RunConfig",
    "ServiceConfig",
    "ThresholdConfig",
    "TilesConfig",
    "TrackingConfig",
]
