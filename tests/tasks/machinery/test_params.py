"""params.yaml: every shipped profile parses; what is wrong is refused by its dotted key."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from eagle_core.config import EagleConfig
from eagle_core.config.renamed import RENAMED
from eagle_core.errors import ConfigurationError
from eagle_core.experiments.published import published_table
from eagle_core.expert import automatic
from eagle_core.mllm.registry import known_models
from tasks.machinery.params import flatten, load_params, parse_assignments

PARAMS = Path(__file__).parents[3] / "params.yaml"
PROFILES = tuple(yaml.safe_load(PARAMS.read_text(encoding="utf-8"))["profiles"])


@pytest.mark.parametrize("profile", PROFILES)
def test_every_shipped_profile_parses(profile: str) -> None:
    config = load_params(PARAMS, profile)
    assert all(d.root.is_absolute() for d in config.datasets.values())
    assert config.tracking.tracking_uri == f"sqlite:///{PARAMS.parent}/mlflow.db"


def test_profiles_named_in_the_design_exist() -> None:
    assert {"demo", "mvtec", "visa", "paper"} <= set(PROFILES)


def test_paper_profile_holds_the_papers_settings() -> None:
    config = load_params(PARAMS, "paper")
    assert (config.caas.alpha, config.threshold.kappa, config.expert.coreset.ratio) == (0.6, 3.0, 0.1)
    pre = config.expert.preprocessing
    assert (pre.resize, pre.center_crop, config.expert.backbone.name) == (256, 224, "wide_resnet50_2")
    assert set(config.datasets) == {"mvtec_ad", "visa"}
    assert "embedded" not in config.mllms


def test_published_data_say_where_the_papers_backbone_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    automatic._can_be_had.cache_clear()
    for profile in ("mvtec", "visa"):
        caplog.clear()
        here = {f"datasets.{'mvtec_ad' if profile == 'mvtec' else 'visa'}.root": str(tmp_path)}
        config = load_params(PARAMS, profile, here)
        assert config.expert.backbone.weights == "packaged" and config.expert.backbone.stands_in_for == "wide_resnet50_2"
        assert "tf_efficientnet_lite0, whose ImageNet weights are installed with Eagle, stands in" in caplog.text
    caplog.clear()
    assert load_params(PARAMS, "paper").expert.backbone.weights == "pretrained"
    named = load_params(PARAMS, "mvtec", {"expert.backbone": {"name": "resnet18", "weights": "pretrained"}})
    assert named.expert.backbone.stands_in_for is None and not caplog.text


def test_base_values_are_the_defaults_of_the_config() -> None:
    """params.yaml spells out the defaults; a drift between the two would be silent."""
    base = {k: v for k, v in yaml.safe_load(PARAMS.read_text(encoding="utf-8")).items() if k != "profiles"}
    written = EagleConfig.model_validate(base).model_dump(mode="json", exclude={"datasets", "run", "tracking"})
    default = EagleConfig(datasets={"demo": {"root": "x"}}).model_dump(mode="json", exclude={"datasets", "run", "tracking"})
    assert written == default


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("caas.alhpa=1", ["caas.alhpa", "unknown", "alpha"]),
        ("caas.alpha=-3", ["caas.alpha", "-3"]),
        ("caas.alpha=high", ["caas.alpha", "number", "high"]),
        ("caas.alpha=.nan", ["caas.alpha"]),
        ("caas.first_layer=20", ["caas", "first_layer"]),
        ("expert.coreset.ratioo=1", ["expert.coreset.ratioo", "ratio"]),
        ("threshold.method=magic", ["threshold.method", "kappa_sigma", "gev"]),
        ("expert.preprocessing={resize: 100, center_crop: 224}", ["expert.preprocessing", "exceeds"]),
        ("datasets.demo=null", ["datasets"]),
        ("nothing.here=1", ["nothing", "datasets"]),
    ],
)
def test_wrong_values_are_refused_by_name(assignment: str, words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_params(PARAMS, "demo", parse_assignments([assignment]))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_unknown_profile_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="no profile 'nope'; there are: .*demo"):
        load_params(PARAMS, "nope")


@pytest.mark.parametrize("text", ["caas.alpha", "=1", "caas.alpha=[1"])
def test_malformed_assignment(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--set"):
        parse_assignments([text])


def test_missing_and_malformed_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        load_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("a: [")
    with pytest.raises(ConfigurationError, match="not valid YAML"):
        load_params(tmp_path / "params.yaml")


def test_overrides_leave_the_rest_alone_and_flatten_to_dotted_keys() -> None:
    config = load_params(PARAMS, "demo", {"caas.alpha": 0.25, "threshold.kappa": 2})
    base, changed = flatten(load_params(PARAMS)), flatten(config)
    assert {k for k in base if base[k] != changed[k]} == {"caas.alpha", "threshold.kappa"}
    assert changed["caas.alpha"] == 0.25


@pytest.mark.parametrize("profiles", ["[a]", "{demo: [1]}", "text"])
def test_malformed_profiles_are_named(tmp_path: Path, profiles: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(f"datasets: {{demo: {{root: x}}}}\nprofiles: {profiles}\n")
    with pytest.raises(ConfigurationError, match="profiles"):
        load_params(path)


def test_what_is_no_text_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_params(tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(ConfigurationError, match="binary.yaml"):
        load_params(tmp_path / "binary.yaml")


@pytest.mark.parametrize(("methods", "word"), [([], "at least 1"), (["expert", "expert"], "named twice")])
def test_methods_are_some_and_each_once(methods: list[str], word: str) -> None:
    with pytest.raises(ConfigurationError, match=f"methods.*{word}"):
        load_params(PARAMS, "demo", {"methods": methods})


def test_every_mllm_of_both_papers_stands_in_a_profile() -> None:
    """EAGLE's five (its Table 1) and Echo's seven (its Table 1), by hub id; those with code of their own are not trusted."""
    eagle, echo = load_params(PARAMS, "paper").mllms, load_params(PARAMS, "echo_paper").mllms
    assert {m.model for m in eagle.values()} == {
        "llava-hf/llava-1.5-7b-hf",
        "llava-hf/llava-v1.6-mistral-7b-hf",
        "Qwen/Qwen2.5-VL-7B-Instruct",
        "OpenGVLab/InternVL3-8B-hf",
        "openbmb/MiniCPM-V-4_5",
    }
    published = published_table("echo-table1")
    assert published is not None
    rows = {setting.split()[0] + setting.split()[1] for setting, _, _ in published.rows if setting not in ("Random Chance", "Qwen2-VL 7B, Echo")}
    assert len(rows) == len(echo) == 7
    assert {m.model for m in (*eagle.values(), *echo.values())} <= {known.source for known in known_models()}
    assert not any(m.trust_remote_code or m.revision for m in (*eagle.values(), *echo.values()))


@pytest.mark.parametrize(
    ("assignment", "told"),
    [
        ("expert.patches=all", "expert.patches is now expert.calibration"),
        ("run.workers=2", "run.workers is now run.engine.workers"),
        ("run.dask_address=tcp://scheduler:8786", "run.dask_address is now run.engine.address (with run.engine.kind: dask)"),
        ("expert.leave_own_image_out=true", "expert.leave_own_image_out is now expert.calibration (true is unsampled"),
    ],
)
def test_a_renamed_key_is_told_its_new_name(assignment: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_params(PARAMS, "demo", parse_assignments([assignment]))
    assert told in str(caught.value)


def test_no_renamed_key_is_still_one() -> None:
    known = flatten(EagleConfig(datasets={"demo": {"root": "x"}}))
    assert not [key for key in RENAMED if key in known]


def test_without_an_mllm_the_expert_judges_alone(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("datasets: {mine: {format: folder, root: images}}\nmethods: [expert]\nmllms: {}\n")
    assert load_params(path).mllms == {}
    with pytest.raises(ConfigurationError, match="mllm need an MLLM; add one"):
        load_params(path, overrides={"methods": ["expert", "mllm"]})
