"""Accuracy of explanations, field by field, against a table made by hand."""

from __future__ import annotations

import pytest

from eagle_core.data.scene import DefectRecord, SceneRecord
from eagle_core.methods.explanation_accuracy import explanation_accuracy
from eagle_core.record_table import to_frame


def scene(kind: str | None, place: str = "top", severity: str = "slight") -> SceneRecord:
    defect = None if kind is None else DefectRecord(kind, place, severity, 0.1, (0, 0, 1, 1))  # type: ignore[arg-type]
    return SceneRecord("a", "ring", "object", "grey", defect)


def test_fields_are_counted_over_explained_defective_images(record) -> None:
    said = [
        ("There is a slight crack in the top.", scene("crack"), ()),
        ("There is a severe crack in the left.", scene("crack"), ("the sentence claims the left",)),
        ("There is a severe stain in the top.", scene("scratch"), ()),
        ("There is a slight stain in the top.", scene(None), ()),
        ("Nothing.", scene("crack", "left", "severe"), ("the sentence claims nothing",)),
    ]
    rows = [
        record("a", i, s.defect is not None, True, explanation=text, contradictions=found, p=0.9)
        for i, (text, s, found) in enumerate(said)
    ]
    rows += [record("a", 9, True, True, p=0.9), record("b", 1, True, True, p=0.9, explanation="There is a defect.")]
    scenes = {f"a/test/{i:04}.png": s for i, (_, s, _) in enumerate(said)} | {"a/test/0009.png": scene("crack")}
    table = explanation_accuracy(to_frame(rows), scenes).set_index("metric")
    value, n = table["value"].to_dict(), table["n"].to_dict()
    assert value["explanation_kind_accuracy"] == pytest.approx(2 / 4)
    assert value["explanation_kind_most_frequent"] == pytest.approx(3 / 4)
    assert value["explanation_place_accuracy"] == pytest.approx(2 / 4)
    assert value["explanation_severity_accuracy"] == pytest.approx(1 / 4)
    assert value["explanation_defect_precision"] == pytest.approx(3 / 4)
    assert value["explanation_contradiction_rate"] == pytest.approx(2 / 5)
    assert (n["explanation_kind_accuracy"], n["explanation_defect_precision"]) == (4, 4)
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()


def test_without_known_scenes_there_is_no_row(record) -> None:
    assert explanation_accuracy(to_frame([record("a", 0, True, True, explanation="x")]), {}).empty
