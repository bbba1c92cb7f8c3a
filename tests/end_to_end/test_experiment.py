"""Every named experiment on a small data set, in one process, as its deployment would run it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from eagle_core.experiments.catalogue import CATALOGUE, experiment_named

ON_SMALL = tuple(e.name for e in CATALOGUE if e.name != "shift")
"""``shift`` names the demo's folder itself."""
ALL = """
import sys
import flows
from flows.experiment import experiment
for name in sys.argv[1:]:
    experiment(name=name, profile="demo")
"""


@pytest.fixture(scope="module")
def folders(new_project: Callable) -> dict[str, Path]:  # type: ignore[type-arg]
    """Each experiment's folder after all of them ran."""
    project = new_project()
    subprocess.run(
        [sys.executable, "-c", ALL, *ON_SMALL],
        cwd=project.root,
        env=project.environment() | {"PYTHONPATH": str(Path.cwd())},
        check=True,
        timeout=1500,
    )
    found = {name: list((project.root / "runs" / name).iterdir()) for name in ON_SMALL}
    assert {name: len(made) for name, made in found.items()} == dict.fromkeys(ON_SMALL, 1)
    return {name: made[0] for name, made in found.items()} | {"": project.root}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ON_SMALL)
def test_every_variant_is_in_the_table_and_everything_named_is_written(folders: dict[str, Path], name: str) -> None:
    experiment = experiment_named(name)
    results = pd.read_csv(folders[name] / "results.csv")
    labels, text = list(dict.fromkeys(results["point"])), (folders[name] / "results.md").read_text()
    assert labels == [v.label for v in experiment.variants if f"not run: {v.label}: " not in text]
    assert len(labels) == len(experiment.variants) or name == "thresholds", "20 images are too few for some rules"
    headline = "question_accuracy_average" if name.startswith("echo") else "balanced_accuracy_macro"
    assert results[headline].between(0, 1).all()
    assert experiment.question in text and "stand-in" in text
    figures = sorted((folders[name] / "figures").rglob("*.png")) if (folders[name] / "figures").is_dir() else []
    drawn = {"alpha_curve", "attention_ratios", "attention_sheets", "contact_sheets", "coreset_shares", "option_dynamics"}
    assert bool(figures) == bool(set(experiment.outputs) & (drawn | {"score_plots"}))
    for figure in figures:
        with Image.open(figure) as image:
            assert min(image.size) > 200
        assert f"]({figure.relative_to(folders[name])})" in text


def test_the_papers_numbers_stand_apart(folders: dict[str, Path]) -> None:
    ours, paper = pd.read_csv(folders["eagle-table3"] / "results.csv"), pd.read_csv(folders["eagle-table3"] / "paper.csv")
    assert set(paper["setting"]) == set(ours["point"])
    assert "mvtec_ad" not in set(ours["dataset"])


def test_modality_variants_ask_different_questions(folders: dict[str, Path]) -> None:
    """Table 3's rows differ in their answers, and the first is the MLLM alone."""
    ours = pd.read_csv(folders["eagle-table3"] / "results.csv").set_index("point")
    assert ours.loc["no expert", "method"] == "mllm"
    assert len(set(ours["balanced_accuracy_macro"])) > 1


def test_false_alarm_rates_are_counted_over_all_normal_images(folders: dict[str, Path]) -> None:
    rates = pd.read_csv(folders["thresholds"] / "threshold_rates.csv")
    assert set(rates["normal_images"]) == {12} and set(rates["defective_images"]) == {24}
    assert (rates["achieved"] == rates["false_alarms"] / rates["normal_images"]).all()
    assert ((rates["low"] <= rates["achieved"]) & (rates["achieved"] <= rates["high"])).all()


def test_mode_weights_raises_visual_attention_everywhere_and_values_nowhere(folders: dict[str, Path]) -> None:
    mass = pd.read_csv(folders["attention-modes"] / "visual_mass.csv")
    weights, values = (mass[mass["point"] == f"caas.mode={mode}"] for mode in ("weights", "values"))
    assert len(weights) and (weights["raised"] == 1).all()
    assert (values["guided"] - values["stock"]).abs().max() < 1e-6


def test_layer_readings_end_in_the_verdicts(folders: dict[str, Path]) -> None:
    """At the last layer, the share of defective images that prefer Yes is the recall of that setting."""
    dynamics = pd.read_csv(folders["eagle-fig6"] / "option_dynamics.csv")
    results = pd.read_csv(folders["eagle-fig6"] / "points.csv")
    last = dynamics[dynamics["layer"] == dynamics["layer"].max()].set_index("setting")["prefers_yes"]
    for row in results.itertuples():
        assert last[f"{row.point}: {row.method}"] == pytest.approx(row.recall_pooled, abs=1e-9)
