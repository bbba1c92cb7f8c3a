"""The named experiments: what each asks, what it varies, and what it writes. Knows no files and runs nothing."""

from __future__ import annotations

from typing import Any

from eagle_core.errors import ConfigurationError
from eagle_core.experiments.echo_catalogue import ECHO_CATALOGUE
from eagle_core.experiments.experiment import Experiment, Variant

TENTHS = tuple(round(0.1 * n, 1) for n in range(11))


def _over(key: str, *values: Any) -> tuple[Variant, ...]:
    return tuple(Variant(f"{key}={value}", {key: value}) for value in values)


def _backbone(name: str, weights: str, *layers: str) -> dict[str, Any]:
    return {"expert.backbone": {"name": name, "weights": weights, "layers": list(layers) or None}}


_PACKAGED = _backbone("tf_efficientnet_lite0", "packaged")
_DINO = "vit_small_patch14_dinov2"
_EXPERTS = (
    Variant("PatchCore, EfficientNet-Lite0", _PACKAGED),
    Variant("PatchCore, EfficientNet-Lite0, reweighted", {**_PACKAGED, "expert.pooling": "reweighted"}),
    Variant("PatchCore, EfficientNet-Lite0, cosine, top percent", {**_PACKAGED, "expert.distance": "cosine", "expert.pooling": "top_percent"}),
    Variant("PatchCore, EfficientNet-Lite1", _backbone("tf_efficientnet_lite1", "packaged")),
    Variant("PatchCore, EfficientNet-Lite2", _backbone("tf_efficientnet_lite2", "packaged")),
    Variant("MH-PatchCore, EfficientNet-Lite0", {**_PACKAGED, "expert.kind": "mh_patchcore"}),
    Variant("PaDiM, EfficientNet-Lite0", {**_PACKAGED, "expert.kind": "padim"}),
    # Downloaded; where they cannot be, they are told as not run.
    Variant("PatchCore, WideResNet-50", _backbone("wide_resnet50_2", "pretrained")),
    Variant("AnomalyDINO, DINOv2 small", {**_backbone(_DINO, "pretrained"), "expert.kind": "anomaly_dino"}),
    Variant("RAD, DINOv2 small", {**_backbone(_DINO, "pretrained", "blocks.3", "blocks.6", "blocks.9", "blocks.11"), "expert.kind": "rad"}),
)

CATALOGUE = (
    Experiment("eagle-table1", "What does EAGLE add to each MLLM on each dataset?"),
    Experiment("eagle-table2", "How does EAGLE compare with published methods, whose numbers are quoted?"),
    Experiment(
        "eagle-table3",
        "Which of the expert's two messages helps: boxes, words, or both?",
        (
            Variant("no expert", {"methods": ["mllm"]}),
            Variant("visual only", {"guidance.textual_prior": "never", "guidance.visual_prompt": "always"}),
            Variant("textual only", {"guidance.textual_prior": "always", "guidance.visual_prompt": "never"}),
            Variant("visual + textual", {"guidance.textual_prior": "always", "guidance.visual_prompt": "anomalous"}),
        ),
    ),
    Experiment(
        "eagle-table4",
        "Is it better to strengthen attention to the image, to weaken it to the prior's words, or both?",
        (
            Variant("no CAAS", {"methods": ["eagle_no_caas"]}),
            Variant("visual + textual", {"caas.alpha": 0.6, "caas.beta": -0.4}),
            Variant("textual", {"caas.alpha": 0.0, "caas.beta": -0.4}),
            Variant("visual", {"caas.alpha": 0.6, "caas.beta": 0.0}),
        ),
    ),
    Experiment(
        "eagle-fig1",
        "Where does the answer look, without and with the expert's guidance? (also Fig. 9)",
        (
            Variant("MLLM alone", {"methods": ["mllm"]}),
            Variant("EAGLE without CAAS", {"methods": ["eagle_no_caas"]}),
            Variant("EAGLE", {"methods": ["eagle"], "caas.gate": "always"}),
        ),
        outputs=("attention_sheets",),
    ),
    Experiment(
        "eagle-fig3", "How many patches of each training image does the coreset keep?", outputs=("coreset_shares",)
    ),
    Experiment(
        "eagle-fig4",
        "Where does tau lie among the scores of normal and defective images? (also Figs. 11 and 12)",
        outputs=("score_plots",),
    ),
    Experiment(
        "eagle-fig6",
        "Which layers follow what the model is told, and which what it sees? (also Fig. 7)",
        (
            Variant("no prior", {"methods": ["mllm"]}),
            Variant("right prior", {"guidance.prior": "right"}),
            Variant("wrong prior", {"guidance.prior": "wrong"}),
            Variant("wrong prior, CAAS", {"methods": ["eagle"], "guidance.prior": "wrong", "caas.gate": "always"}),
        ),
        outputs=("option_dynamics", "attention_sheets"),
    ),
    Experiment(
        "eagle-fig8",
        "Do correct answers look more at the defect, also among defects of like size?",
        outputs=("attention_ratios",),
    ),
    Experiment(
        "eagle-fig10", "How does accuracy depend on alpha?", _over("caas.alpha", *TENTHS), outputs=("alpha_curve",)
    ),
    Experiment("eagle-fig13", "What do the visual prompts look like?", outputs=("contact_sheets",)),
    Experiment(
        "thresholds",
        "How many false alarms does each threshold rule give, against the share it promises?",
        (
            *(Variant(f"kappa_sigma, kappa {k:g}", {"threshold.method": "kappa_sigma", "threshold.kappa": k}) for k in (2.0, 3.0)),
            *(Variant(f"mad, kappa {k:g}", {"threshold.method": "mad", "threshold.kappa": k}) for k in (2.0, 3.0)),
            *(
                Variant(f"{rule}, target {rate:g}", {"threshold.method": rule, "threshold.false_alarm_rate": rate})
                for rule in ("gev", "quantile", "conformal")
                for rate in (0.01, 0.05, 0.1)
            ),
            Variant("authors_evt", {"threshold.method": "authors_evt"}),
            Variant("oracle (looks at test labels)", {"threshold.method": "oracle"}),
        ),
        outputs=("threshold_rates",),
    ),
    Experiment(
        "gates",
        "How often does each gate open, and what does CAAS change where it does?",
        tuple(
            Variant(f"{gate}, kappa {kappa:g}", {"caas.gate": gate, "threshold.kappa": kappa})
            for gate in ("paper", "symmetric")
            for kappa in (1.0, 2.0, 3.0)
        ),
        outputs=("gate_effect",),
    ),
    Experiment(
        "attention-modes",
        "How much attention does each form of CAAS really move to the image?",
        _over("caas.mode", "logits", "centred", "weights", "values"),
        outputs=("gate_effect", "visual_mass"),
    ),
    Experiment(
        "wrong-prior",
        "How far does the MLLM follow what it is told, when that is right and when it is wrong?",
        (
            Variant("no prior", {"methods": ["mllm"]}),
            *(Variant(f"{prior} prior", {"guidance.prior": prior}) for prior in ("expert", "right", "wrong")),
        ),
        outputs=("prior_following",),
    ),
    Experiment(
        "template",
        "What does a template beside the query add, and can P(defect) be believed?",
        _over("retrieval.shots", 0, 1),
        outputs=("template_gain", "calibration"),
    ),
    Experiment(
        "shift",
        "How many false alarms does another light cause, and does an adaptive threshold prevent them?",
        tuple(Variant(f"adapt {when}", {"threshold.adapt": when}) for when in ("never", "when_shifted")),
        outputs=("threshold_rates",),
    ),
    Experiment("experts", "Which expert is best: which backbone, which kind, and what does each cost?", _EXPERTS, ("expert_ranking",)),
    *ECHO_CATALOGUE,
)


def experiment_named(name: str) -> Experiment:
    """One of the catalogue.

    Raises:
        ConfigurationError: There is none of that name; the message lists them.
    """
    for experiment in CATALOGUE:
        if experiment.name == name:
            return experiment
    raise ConfigurationError(f"no experiment {name!r}; there are: {', '.join(e.name for e in CATALOGUE)}")
