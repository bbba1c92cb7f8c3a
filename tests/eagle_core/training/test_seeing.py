"""What a tower sees is kept, and only while it is what would be drawn today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eagle_core.errors import DataError
from eagle_core.training.acuity import Seen
from eagle_core.training.scenes import categories
from eagle_core.training.seeing import see
from eagle_core.training.towers import CHOSEN


def seen_in(folder: Path, **options: Any) -> tuple[Seen, list[str]]:
    told: list[str] = []
    seen = see(CHOSEN, 7, 3, folder, workers=1, progress=lambda what, done, total: told.append(f"{what} {done}/{total}"), **options)
    return seen, told


def test_what_is_kept_is_read_and_what_lacks_is_added(tmp_path: Path) -> None:
    first, told = seen_in(tmp_path)
    assert "drawing 3/3" in told and set(first.features) == {"template", "normal", "defective"}
    again, told = seen_in(tmp_path)
    assert "drawing 3/3" not in told and again.scenes == first.scenes
    np.testing.assert_array_equal(again.features["defective"], first.features["defective"])
    boxed, told = seen_in(tmp_path, boxed=True)
    assert "drawing 3/3" in told and not np.array_equal(boxed.features["defective_boxed"], boxed.features["defective"])
    _, told = seen_in(tmp_path, boxed=True)
    assert "drawing 3/3" not in told


@pytest.mark.parametrize(
    ("constant", "value"), [("SHIFTS", (6.0, 9.0)), ("VISIBLE", 0.6)], ids=["images that differ", "masks that differ"]
)
def test_what_another_generator_drew_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, constant: str, value: Any
) -> None:
    seen_in(tmp_path)
    monkeypatch.setattr(categories, constant, value)
    with pytest.raises(DataError, match=f"{CHOSEN}-7-3 holds was drawn by another version of the generator; delete that folder"):
        seen_in(tmp_path)


def test_boxes_that_would_be_drawn_otherwise_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen_in(tmp_path, boxed=True)
    monkeypatch.setattr("eagle_core.training.shown.MISPLACED_BOX", 1.0)
    with pytest.raises(DataError, match="another version"):
        seen_in(tmp_path, boxed=True)
