"""The pictures: what they show is right, they are the same every time, and bad input is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eagle_core.config import PreprocessingConfig
from eagle_core.errors import DataError
from eagle_core.record_table import NO_MLLM, Record, to_frame
from eagle_core.records import Box, ExpertPrediction, Guidance, Sample, Threshold
from eagle_core.report import contact_sheet, overlay_panel, threshold_plot

THRESHOLD = Threshold(3.0, 3.5, "kappa_sigma", 1.8, 0.4, 2.9, 3.2, 0.02, (1.0, 2.0, 3.5))
RED = (255, 0, 0)
BLUE = (86, 180, 233)  # the ground truth's


def sample(folder: Path, number: int, defective: bool | None, size: tuple[int, int] = (96, 64)) -> Sample:
    image, mask = folder / f"{number}.png", folder / f"{number}_mask.png"
    Image.new("RGB", size, (100, 100, 100)).save(image)
    if defective:
        pixels = np.zeros((size[1], size[0]), dtype=np.uint8)
        pixels[size[1] // 2 :, size[0] // 2 :] = 255
        Image.fromarray(pixels).save(mask)
    kind = "hole" if defective else None
    return Sample(
        "demo", "weave", f"{number:02}.png", image, "test", defective, kind, mask if defective else None
    )


def rows(sample: Sample, boxes: tuple[Box, ...] = (), **verdicts: bool | None) -> list[Record]:
    return [
        Record(
            dataset="demo",
            category="weave",
            image_id=sample.image_id,
            split="test",
            is_defective=sample.is_defective,
            question_id="defect",
            question_type="anomaly_detection",
            method=method,  # type: ignore[arg-type]
            mllm=NO_MLLM if method == "expert" else "tiny",
            status="answered",
            expert_score=3.2,
            tau=3.0,
            gate_open=None if method == "mllm" else True,
            boxes=() if method == "mllm" else boxes,
            verdict_defective=verdict,
            p_defect=None if method == "expert" else 0.75,
        )
        for method, verdict in verdicts.items()
    ]


def test_the_sheet_shows_telling_images_first(tmp_path) -> None:
    agreed, erring, split = (sample(tmp_path, n, True) for n in (1, 2, 3))
    normal = sample(tmp_path, 4, False)
    table = to_frame(
        [
            *rows(agreed, expert=True, eagle=True),
            *rows(erring, expert=False, eagle=False),
            *rows(split, expert=False, eagle=True),
            *rows(normal, expert=False, eagle=None),  # unparsed: wrong, unlike the expert
        ]
    )
    items = contact_sheet.choose_items([agreed, erring, split, normal], table)
    assert [item.verdicts for item in items] == [
        (("expert", False, False), ("EAGLE", True, True)),
        (("expert", False, True), ("EAGLE", None, False)),
        (("expert", False, False), ("EAGLE", False, False)),
        (("expert", True, True), ("EAGLE", True, True)),
    ]
    assert [item.truth for item in items] == ["hole", "normal", "hole", "hole"]
    assert {(item.score, item.tau, item.p_defect, item.gate_open) for item in items} == {
        (3.2, 3.0, 0.75, True)
    }


def test_a_short_sheet_keeps_places_for_ordinary_images(tmp_path) -> None:
    samples = [sample(tmp_path, n, True) for n in range(12)]
    table = to_frame([r for n, s in enumerate(samples) for r in rows(s, expert=n >= 10, eagle=True)])
    items = contact_sheet.choose_items(samples, table, most=8)
    assert [item.verdicts[0][2] for item in items] == [False] * 6 + [True] * 2


def test_kinds_of_defect_take_turns(tmp_path) -> None:
    samples = [
        dataclasses.replace(sample(tmp_path, n, True), defect_kind="hole" if n < 4 else "dent")
        for n in range(6)
    ]
    table = to_frame([r for s in samples for r in rows(s, expert=False, eagle=False)])
    items = contact_sheet.choose_items(samples, table, most=24)
    assert [item.truth for item in items] == ["hole", "dent", "hole", "dent", "hole", "hole"]


@pytest.mark.parametrize("size", [(96, 64), (1152, 768)])
def test_boxes_and_truth_are_drawn_where_they_are(tmp_path, size) -> None:
    one = sample(tmp_path, 1, True, size)
    unit = size[0] // 96
    box = Box(10 * unit, 20 * unit, 30 * unit, 40 * unit, 3.2)
    (item,) = contact_sheet.choose_items([one], to_frame(rows(one, (box,), expert=True, eagle=True)))
    shown = item.image
    scale = shown.width / 96  # large images are shrunk before boxes are drawn, so that lines stay visible
    assert shown.width == min(size[0], 288)
    for x, y in ((10, 20), (29.9, 30), (20, 39.9)):
        assert shown.getpixel((int(x * scale), int(y * scale))) == RED
    assert shown.getpixel((int(20 * scale), int(30 * scale))) == (100, 100, 100)
    assert shown.getpixel((int(48 * scale) - 1, int(50 * scale))) == BLUE  # the mask starts at x = 48
    assert shown.getpixel((int(60 * scale), int(50 * scale))) == (100, 100, 100)


def test_without_labels_or_mllm_the_sheet_still_works(tmp_path) -> None:
    one = sample(tmp_path, 1, None)
    (item,) = contact_sheet.choose_items([one], to_frame(rows(one, expert=True)))
    assert (item.truth, item.verdicts, item.p_defect) == ("unlabelled", (("expert", True, None),), None)
    contact_sheet.draw([item], tmp_path / "sheet.png")
    contact_sheet.draw([], tmp_path / "empty.png")
    assert Image.open(tmp_path / "sheet.png").width > Image.open(tmp_path / "empty.png").height


def all_pictures(folder: Path, source: Path) -> list[bytes]:
    one = sample(source, 1, True)
    table = to_frame(rows(one, (Box(10, 20, 30, 40, 3.2),), expert=True, mllm=None, eagle=True))
    contact_sheet.draw(contact_sheet.choose_items([one], table), folder / "sheet.png", title="demo / weave")
    threshold_plot.draw(
        [1.0, 2.0, 3.5], [2.0, 4.0, 3.0], [False, True, None], THRESHOLD, folder / "t.png", title="x"
    )
    grid = np.full((4, 4), 1.0, dtype=np.float32)
    grid[1, 2] = 3.2
    prediction = ExpertPrediction("1", 3.2, grid, (96, 64), np.ones(1, dtype=np.float32))
    guidance = Guidance(True, True, (Box(48, 16, 72, 32, 3.2),))
    for name, config in (
        ("whole.png", PreprocessingConfig()),
        ("crop.png", PreprocessingConfig(resize=64, fit="short_side", center_crop=48)),
    ):
        image = Image.open(one.image_path)
        overlay_panel.draw(
            image, prediction, THRESHOLD, guidance, config, folder / name, p_defect=0.8, explanation="A hole."
        )
    return [path.read_bytes() for path in sorted(folder.glob("*.png"))]


def test_pictures_are_the_same_every_time(tmp_path) -> None:
    first, second, source = tmp_path / "a", tmp_path / "b", tmp_path / "source"
    source.mkdir()
    pictures = all_pictures(first, source)
    assert len(pictures) == 4 and pictures == all_pictures(second, source)
    assert sorted(p.name for p in first.iterdir()) == ["crop.png", "sheet.png", "t.png", "whole.png"]


def test_the_heat_map_is_hot_where_the_score_is(tmp_path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    all_pictures(tmp_path, source)
    pixels = np.asarray(Image.open(tmp_path / "whole.png").convert("RGB")).astype(int)
    left, right = (
        pixels[:, : pixels.shape[1] // 2],
        pixels[:, pixels.shape[1] // 2 : int(0.88 * pixels.shape[1])],
    )
    box_rows, box_columns = np.nonzero((left == RED).all(axis=-1))
    hot = right[..., 0] - right[..., 2] > 120  # orange, as nothing else of that panel
    assert hot.sum() > 500
    # The left panel's box is the hot patch; both panels stand side by side, the right one a little further left.
    hot_rows, hot_columns = np.nonzero(hot)
    assert hot_rows.mean() == pytest.approx(box_rows.mean(), abs=6)
    assert hot_columns.mean() == pytest.approx(box_columns.mean(), abs=0.1 * left.shape[1])


@pytest.mark.parametrize("s_max", [3.5, 2.5])
def test_the_threshold_plot_has_a_panel_for_each_kind_of_image(tmp_path, s_max) -> None:
    threshold = dataclasses.replace(THRESHOLD, s_max=s_max)
    heights = []
    for labels in ([False, False], [False, True], [False, None]):
        threshold_plot.draw([1.0, 2.0], [2.0, 4.0], labels, threshold, tmp_path / "p.png", title="x")
        heights.append(Image.open(tmp_path / "p.png").height)
    assert heights[0] < heights[1] == heights[2]


def test_scores_that_are_not_finite_or_not_labelled_are_refused(tmp_path) -> None:
    path = tmp_path / "p.png"
    with pytest.raises(DataError, match="not finite"):
        threshold_plot.draw([1.0, float("nan")], [2.0], [True], THRESHOLD, path, title="x")
    with pytest.raises(DataError, match="2 test scores but 1 labels"):
        threshold_plot.draw([1.0], [2.0, 3.0], [True], THRESHOLD, path, title="x")
    assert not path.exists()
