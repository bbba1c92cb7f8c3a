"""Every named experiment on a small data set, in one process, as its deployment would run it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from eagle_core.experiments.catalogue import CATALOGUE, experiment_named
from tests import forks

ON_SMALL = tuple(e.name for e in CATALOGUE if e.name not in {"shift", "echo-quality"})
"""These two name the demo's folder themselves."""


NORMAL, DEFECTIVE = 4, 6
"""Test images of the two categories: half of what other tests ask about, since more than a hundred settings are asked here."""


@pytest.fixture(scope="module")
def folders(new_project: Callable, small_data: Path) -> dict[str, Path]:  # type: ignore[type-arg]
    """Each experiment's folder after all of them ran."""
    project = new_project()
    (project.root / "data/small").unlink()
    shutil.copytree(small_data, project.root / "data/small")
    for kind in (project.root / "data/small").glob("*/test/*"):
        for image in sorted(kind.iterdir())[1::2]:
            image.unlink()
            (kind.parents[1] / "ground_truth" / kind.name / f"{image.stem}_mask.png").unlink(missing_ok=True)
    arguments = (min(p.name for p in small_data.iterdir() if p.is_dir()), *ON_SMALL)
    done = forks.start(arguments, project.root, project.environment(), "tests.end_to_end.all_experiments").ended()
    assert done.returncode == 0, done.stdout + done.stderr
    found = {name: list((project.root / "runs" / name).iterdir()) for name in ON_SMALL}
    assert {name: len(made) for name, made in found.items()} == dict.fromkeys(ON_SMALL, 1)
    return {name: made[0] for name, made in found.items()} | {"": project.root}


@pytest.mark.parametrize("name", ON_SMALL)
def test_every_variant_is_in_the_table_and_everything_named_is_written(folders: dict[str, Path], name: str) -> None:
    experiment = experiment_named(name)
    results = pd.read_csv(folders[name] / "results.csv")
    labels, text = list(dict.fromkeys(results["point"])), (folders[name] / "results.md").read_text()
    assert labels == [v.label for v in experiment.variants if f"missing: {v.label}: " not in text]
    assert len(labels) == len(experiment.variants) or name in ("thresholds", "experts"), "too few images, or downloads"
    assert results["balanced_accuracy_macro"].between(0, 1).all()
    assert experiment.question in text and "stand-in" in text
    figures = sorted((folders[name] / "figures").rglob("*.png")) if (folders[name] / "figures").is_dir() else []
    drawn = {"alpha_curve", "attention_ratios", "attention_sheets", "contact_sheets", "coreset_shares", "option_dynamics"}
    assert bool(figures) == bool(set(experiment.outputs) & (drawn | {"score_plots", "question_counts", "cases"}))
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
    assert set(rates["normal_images"]) == {NORMAL} and set(rates["defective_images"]) == {DEFECTIVE}
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


def test_questions_are_counted_and_guessing_stands_beside(folders: dict[str, Path]) -> None:
    counts = pd.read_csv(folders["echo-fig4"] / "question_counts.csv").set_index("question_type")
    assert counts.loc["anomaly_detection", ["questions", "about_normal_images", "about_defective_images"]].tolist() == [
        NORMAL + DEFECTIVE,
        NORMAL,
        DEFECTIVE,
    ]
    assert set(counts["questions"]) == {NORMAL + DEFECTIVE, DEFECTIVE} and len(counts) == 5
    [chance] = pd.read_csv(folders["echo-table1"] / "random_chance.csv").to_dict("records")
    assert [chance[kind] for kind in ("anomaly_detection", "defect_analysis", "average")] == [0.5, 0.25, 0.3]


def test_every_form_asks_every_image_and_open_answers_are_not_guessed(folders: dict[str, Path]) -> None:
    counts = pd.read_csv(folders["echo-fig5"] / "answer_counts.csv")
    assert set(counts["asked"]) == {NORMAL + DEFECTIVE} and len(counts) == 6
    assert (counts["answered"] + counts["unparsed"] + counts["failed"] == counts["asked"]).all()
    assert (counts["right"] <= counts["answered"]).all()
    assert (counts[counts["point"] != "open"]["answered"] == NORMAL + DEFECTIVE).all()


def test_a_case_of_each_type_shows_the_reference_the_prompt_and_both_answers(folders: dict[str, Path]) -> None:
    cases, text = pd.read_csv(folders["echo-cases"] / "cases.csv"), (folders["echo-cases"] / "cases.md").read_text()
    assert cases.groupby("question_type")["method"].apply(sorted).tolist() == [["echo", "mllm"]] * 5
    for case in cases[cases["method"] == "echo"].itertuples():
        picture = f"figures/{case.dataset}/{case.mllm}/{case.question_type}.png"
        assert (folders["echo-cases"] / picture).is_file() and f"]({picture})" in text and f"`{case.image_id}`" in text
        # Localization is the bare MLLM in Echo's Table 3.
        assert (case.question_type == "defect_localization") == pd.isna(case.references)
        assert pd.isna(case.references) or case.references in text
    assert text.count("```text") == 5 and text.count("Query image:") == 5
    assert text.count("Following is knowledge about the product") == 2, "classification and description"


def test_kinds_of_defects_are_told_apart_by_whether_training_had_them(folders: dict[str, Path]) -> None:
    novelty = pd.read_csv(folders["echo-unseen"] / "accuracy_by_novelty.csv")
    assert set(novelty["defects"]) == {"seen", "unseen"}
    assert novelty.groupby(["method", "question_type"])["questions"].sum().eq(DEFECTIVE).all()
    seen, unseen = (set(", ".join(novelty[novelty["defects"] == d]["kinds"]).split(", ")) for d in ("seen", "unseen"))
    assert not seen & unseen and ((novelty["low"] <= novelty["right"]) & (novelty["right"] <= novelty["high"])).all()
