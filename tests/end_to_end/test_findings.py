"""What a run finds out beside the verdicts reaches the user: pixel metrics, and training images that could not be read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest

from flows.cli.options import PARTIAL


def test_pixel_metrics_and_unread_training_images_are_shown_everywhere(new_project: Callable, small_data) -> None:  # type: ignore[no-untyped-def,type-arg]
    project = new_project()
    (project.root / "data/small").unlink()
    shutil.copytree(small_data, project.root / "data/small")
    category = sorted(p for p in (project.root / "data/small").iterdir() if p.is_dir())[0]
    broken = sorted((category / "train/good").iterdir())[0]
    broken.write_bytes(broken.read_bytes()[:200])

    done = project.eagle("run", "--set", "methods=[expert]", check=False)
    assert done.returncode == PARTIAL
    shown = done.stdout
    assert "localisation of defects" in shown and "pixel AUROC" in shown and "(PRO, up to 30 % false positives)" in shown
    assert "fitted without 1 training image that could not be read" in shown and broken.name in shown
    assert f"missing: small/{category.name}: fitted without 1 training image" in shown

    [folder] = [p for p in (project.root / "runs").iterdir() if p.is_dir()]
    described = json.loads((folder / "summary.json").read_text())
    [unread] = described["unread_training_images"]
    assert unread["category"] == category.name and broken.name in unread["image_id"] and unread["reason"]
    values = {row["metric"]: row["value"] for row in described["summary"] if row["scope"] == "macro"}
    assert 0.5 < values["pixel_auroc_macro"] <= 1 and 0 < values["aupro_fpr30_macro"] <= 1
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "pixel AUROC" in page and "fitted without 1 training image" in page

    metrics = {run.info.run_name: run.data.metrics for run in project.runs()}
    child = metrics[f"small/{category.name} expert"]
    assert child["unread_training_images"] == 1 and 0 <= child["pixel_auroc"] <= 1
    [parent] = [m for name, m in metrics.items() if name.startswith("benchmark")]
    assert parent["small/none/expert/pixel_auroc_macro"] == pytest.approx(values["pixel_auroc_macro"])
