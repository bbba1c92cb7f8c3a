"""The promise table holds what was measured last of each set, and only sets that are complete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.promise.results import collected, part_file, with_earlier, write, write_table


def part(calibration: str, commit: str, achieved: float) -> dict[str, Any]:
    row = {"calibration": calibration, "rule": "conformal", "target": 0.05, "promised": 0.05, "achieved": achieved, "low": achieved / 2,
           "high": 2 * achieved, "recall": 0.9, "seconds": 1.0}  # fmt: skip
    described = {"set": "screws/a", "auto": "grouped"}
    return {"described": described, "calibrations": ["grouped", "as_printed"], "calibration": calibration, "commit": commit, "rows": [row]}


def test_a_set_replaces_its_earlier_self_when_it_is_complete(tmp_path: Path) -> None:
    names, file, page = ["cookie", "screws/a"], tmp_path / "promise.json", tmp_path / "promise.md"
    write(file, {"sets": [{"set": "screws/a", "rows": ["old"]}, {"set": "cookie", "rows": []}, {"set": "elsewhere", "rows": []}]})
    write(part_file(tmp_path, "screws/a", "grouped"), part("grouped", "a1", 0.04))
    half = with_earlier(collected(tmp_path, names), file, names)
    assert [one["set"] for one in half] == ["cookie", "screws/a", "elsewhere"]
    assert half[1]["rows"] == ["old"]

    write(part_file(tmp_path, "screws/a", "as_printed"), part("as_printed", "b2", 0.7))
    whole = with_earlier(collected(tmp_path, names), file, names)
    assert whole[1]["commits"] == ["a1", "b2"]
    assert [row["calibration"] for row in whole[1]["rows"]] == ["grouped", "as_printed", "auto"]
    assert json.dumps(whole[0]) == json.dumps(half[0])

    page.write_text("before\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nafter\n")
    write_table(page, whole[1:2])
    lines = page.read_text().splitlines()
    assert lines[0] == "before" and lines[-1] == "after" and "old" not in lines
    assert "| screws/a | as_printed | 5.0 % | 5.0 % | 70.0 % | 35.0 % to 140.0 % | **no** | 0.900 | 1.0 |" in lines
    assert sum("**auto**: grouped" in line for line in lines) == 1
