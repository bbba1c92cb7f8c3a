"""A promised rate from command to table: groups from a CSV file, what few groups can promise, a warning level, MLflow."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

GROUPED = {
    "methods": "[expert]",
    "expert.preprocessing.resize": "96",
    "threshold.method": "conformal",
    "threshold.false_alarm_rate": "0.05",
    "threshold.warn_rate": "0.4",
    "threshold.kappa": "2",
    "caas.gate": "warning",
    "datasets.small.categories": "[blister]",
    "datasets.small.groups": "{file: data/parts.csv, column: lot}",
}


def given(settings: dict[str, str]) -> list[str]:
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


def test_groups_promise_what_they_can_and_it_stands_everywhere(new_project: Callable, small_data: Path) -> None:  # type: ignore[type-arg]
    project = new_project()
    names = sorted(path.name for path in (small_data / "blister/train/good").iterdir())
    good = list((small_data / "blister/test/good").iterdir())
    rows = [f"train/good/{name},lot {5 * number // len(names)}" for number, name in enumerate(names)]
    (project.root / "data/parts.csv").write_text("image,lot\n" + "\n".join(rows) + "\n")
    ended = project.eagle("run", *given(GROUPED))

    # Of 5 lots, 1 / 6 is the least that they can promise.
    sentence = "5 % was asked for, but 5 groups can promise no less than 16.7 %, which is used (14 more are needed for 5 %)"
    assert sentence in " ".join(ended.stdout.split())
    assert "5 groups are known (lot in parts.csv)" in " ".join(ended.stdout.split())
    assert "promised and achieved" in ended.stdout
    assert "threshold.kappa has no effect with threshold.method conformal" in ended.stdout + ended.stderr

    [folder] = [p for p in (project.root / "runs").iterdir() if p.is_dir()]
    [kept] = json.loads((folder / "summary.json").read_text())["promises"]
    assert (kept["calibration"], kept["units"], kept["grouped"], kept["normal"]) == ("grouped", 5, True, len(good))
    records = project.records()
    normal = records[~records.is_defective.astype(bool)]
    assert kept["alarms"] == normal.expert_verdict.sum() == (normal.expert_score >= normal.tau).sum()
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "False alarms: promised and achieved" in page and "What other rates would come to" in page and sentence in page

    [metrics] = [m for name, m in project.metrics().items() if name.startswith("small/blister expert")]
    assert metrics["promised_false_alarm_rate"] == 1 / 6
    assert metrics["achieved_false_alarm_rate"] == kept["alarms"] / len(good)
    assert metrics["achieved_false_alarm_rate_low"] <= metrics["achieved_false_alarm_rate"] <= metrics["achieved_false_alarm_rate_high"]
    assert metrics["tau_warn"] < metrics["tau"]
    opened = records[records.gate_open.astype(bool)]
    assert (opened.expert_score >= metrics["tau_warn"]).all() and (opened.expert_score <= metrics["s_max"]).all()

    assert "defects missed (recall lost)" in ended.stdout and "Defects missed (recall lost)" in page

    # How many different parts the images show stands beside what they promise: table, page, MLflow, doctor, verdict.
    assert kept["variety"] in page and kept["variety"] in " ".join(ended.stdout.split())
    assert metrics["different_parts"] == kept["different_parts"] and 1 <= kept["different_parts"] <= len(names)
    doctor = project.eagle("doctor", *given(GROUPED), check=False).stdout
    assert f"small/blister: {kept['variety']}" in " ".join(doctor.split())

    image = good[0]
    shown = project.eagle("inspect", str(image), "-c", "blister", "--out", "verdicts", *given(GROUPED), check=False)
    assert sentence in " ".join(shown.stdout.split())
    [file] = (project.root / "verdicts").glob("*.json")
    verdict = json.loads(file.read_text())
    assert verdict["different_parts"] == kept["different_parts"] and kept["variety"] in " ".join(shown.stdout.split())
    assert verdict["promise"]["calibration"] == "grouped" and verdict["promise"]["rate"] == 1 / 6
    assert verdict["expert"]["tau_warn"] == metrics["tau_warn"]
    assert verdict["expert"]["warning"] == (metrics["tau_warn"] <= verdict["expert"]["score"] < metrics["tau"])
