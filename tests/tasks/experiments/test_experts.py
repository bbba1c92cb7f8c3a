"""The ranking of experts from what stages left in the store: real stages on a handful of small images."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from eagle_core.config import EagleConfig
from tasks.experiments.experts import expert_ranking
from tasks.graph.values import CategoryResult, FittedCategory, JudgedCategory, MethodResult, Point
from tasks.machinery.stage import NotRun
from tasks.report.pixels import pixel_rows
from tasks.stages import expert, expert_records, localisation, threshold
from tasks.stages.data import CategoryName
from tasks.sweeps.results import PointResult, SweepOutcome

SIDE = 64


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 normal images to fit on; 6 normal and 6 with a dark spot to test on, with masks."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for place, count in (("train/good", 24), ("test/good", 6), ("test/spot", 6)):
        for number in range(count):
            pixels = rng.normal(120, 10, (SIDE, SIDE, 3))
            mask = np.zeros((SIDE, SIDE), np.uint8)
            if place == "test/spot":
                mask[20:36, 24:40] = 255
                pixels[mask > 0] = 20
                path = root / "grain/ground_truth/spot" / f"{number}_mask.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(mask).save(path)
            path = root / "grain" / place / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    return root


def result_of(label: str, expert_section: dict[str, Any], data: Path, cache: Path) -> PointResult:
    config = EagleConfig.model_validate(
        {
            "datasets": {"set": {"format": "mvtec", "root": data}},
            "methods": ["expert"],
            "expert": {"preprocessing": {"resize": SIDE}, **expert_section},
            "threshold": {"method": "conformal", "false_alarm_rate": 0.05, "bootstrap_samples": 20},
            "run": {"cache_dir": cache},
            # The spot is so large that the image would be told to show another scene.
            "judging": {"unlike": "judge"},
        }
    )
    fitted = expert.fit(config, "set", "grain")
    predictions = expert.score(config, "set", "grain", fitted)
    tau = threshold.fit(config, "set", "grain", fitted, predictions)
    records = expert_records.write(config, "set", "grain", predictions, tau)
    measured = localisation.measure(config, "set", "grain", fitted, predictions)
    name = CategoryName("set", "grain")
    judged = JudgedCategory(FittedCategory(name, fitted, predictions), tau, records, None)
    category = CategoryResult(judged, (MethodResult("none", "expert", (records,)),), localisation=measured)
    return PointResult(Point(label, {}, config), pd.DataFrame(), (category,), "run")


@pytest.mark.slow
def test_experts_are_ranked_with_their_costs(data: Path, tmp_path: Path) -> None:
    results = [
        result_of("packaged", {}, data, tmp_path),
        result_of("no bank", {"kind": "padim"}, data, tmp_path),
        absent("absent", data, tmp_path),
    ]
    table = expert_ranking(SweepOutcome(cast(Any, None), tuple(results), ()))
    assert list(table["image_auroc"]) == sorted(table["image_auroc"], reverse=True)
    ranked = table.set_index("point")
    assert set(ranked.index) == {"packaged", "no bank"}
    assert ranked.loc["packaged", ["kind", "backbone"]].tolist() == ["patchcore", "tf_efficientnet_lite0"]
    assert ranked.loc["packaged", "image_auroc"] == 1 and ranked.loc["packaged", "found"] == 1
    assert (ranked["target"] == 0.05).all() and (ranked["normal_images"] == 6).all()
    assert ranked["pro"].between(0, 1).all() and (ranked[["fit_seconds", "judge_milliseconds", "mib"]] > 0).all().all()


def absent(label: str, data: Path, cache: Path) -> PointResult:
    config = EagleConfig.model_validate({"datasets": {"set": {"format": "mvtec", "root": data}}, "run": {"cache_dir": cache}})
    missing = NotRun("expert", "weights cannot be had")
    judged = JudgedCategory(FittedCategory(CategoryName("set", "grain"), missing, missing), missing, missing, None)
    category = CategoryResult(judged, (MethodResult("none", "expert", missing),))
    return PointResult(Point(label, {}, config), pd.DataFrame(), (category,), "run")


def test_pixel_metrics_are_rows_of_the_summary(data: Path, tmp_path: Path) -> None:
    [category] = result_of("packaged", {}, data, tmp_path).categories
    rows = pixel_rows([category]).set_index("metric")["value"]
    assert rows["pixel_auroc"] == rows["pixel_auroc_macro"] > 0.9
    assert 0 < rows["pixel_iou"] <= 1 and rows["false_pixel_rate_promised"] == pytest.approx(1 / 25)
    assert rows["false_pixel_rate"] < 0.2 and rows["pixel_tau"] > 0
