"""Which images belong together: CSV, pattern, capture times."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from eagle_core.config import GroupsConfig
from eagle_core.data.groups import capture_time, known_groups
from eagle_core.errors import DataError
from eagle_core.records import Sample


def samples_at(folder: Path, names: list[str]) -> list[Sample]:
    found = []
    for name in names:
        path = folder / "train/good" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(path)
        found.append(Sample("d", "cups", f"cups/train/good/{name}", path, "train", is_defective=False))
    return found


def test_a_column_of_a_csv_file(tmp_path):
    samples = samples_at(tmp_path, ["a.png", "b.png", "c.png"])
    file = tmp_path / "parts.csv"
    file.write_text("image;lot\na.png;7\ntrain/good/b.png;7\ncups/train/good/c.png;8\n")
    found = known_groups(samples, GroupsConfig(file=file, column="lot"), tmp_path)
    assert list(found.of.values()) == ["7", "7", "8"]
    assert (found.count, found.source) == (2, "lot in parts.csv")
    file.write_text("image;lot\na.png;7\n")
    with pytest.raises(DataError, match=r"parts\.csv: cups/train/good/b\.png has no group"):
        known_groups(samples, GroupsConfig(file=file, column="lot"), tmp_path)


def test_a_pattern_over_file_names(tmp_path):
    samples = samples_at(tmp_path, ["01_200828110014_277500_315.png", "01_200828110510_477500_315.png"])
    found = known_groups(samples, GroupsConfig(pattern=r"_\d{12}_(\d+)_"), tmp_path)
    assert list(found.of.values()) == ["277500", "477500"]
    with pytest.raises(DataError, match="does not match 01_"):
        known_groups(samples, GroupsConfig(pattern=r"lot(\d+)"), tmp_path)


def test_capture_times_of_names_are_cut_at_gaps(tmp_path):
    names = ["cam_20260105-101500.png", "cam_20260105-102000.png", "cam_20260106-090000.png", "260106_093000_x.png"]
    samples = samples_at(tmp_path, names)
    found = known_groups(samples, GroupsConfig(), tmp_path)
    assert list(found.of.values()) == ["2026-01-05T10:15:00"] * 2 + ["2026-01-06T09:00:00"] * 2
    finer = known_groups(samples, GroupsConfig(gap_minutes=20), tmp_path)
    assert finer.count == 3


def test_exif_goes_before_the_name(tmp_path):
    path = tmp_path / "20260105_101500.jpg"
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2025:12:24 18:00:01"
    Image.new("RGB", (4, 4)).save(path, exif=exif)
    assert capture_time(path).isoformat() == "2025-12-24T18:00:01"


def test_names_that_only_look_like_times_tell_none(tmp_path):
    for name in ["000.png", "20261405_101500.png", "part_123456789012345.png"]:
        Image.new("RGB", (4, 4)).save(tmp_path / name)
        assert capture_time(tmp_path / name) is None


def test_one_session_or_single_images_are_no_groups(tmp_path):
    together = samples_at(tmp_path / "a", ["20260105_101500.png", "20260105_101600.png"])
    apart = samples_at(tmp_path / "b", ["20260105_101500.png", "20260106_101600.png"])
    mixed = samples_at(tmp_path / "c", ["20260105_101500.png", "001.png"])
    for samples in (together, apart, mixed):
        assert known_groups(samples, GroupsConfig(), tmp_path) is None
    with pytest.raises(DataError, match=r"001\.png tells no capture time"):
        known_groups(mixed, GroupsConfig(gap_minutes=5), tmp_path)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"pattern": "("}, "no regular expression"),
        ({"pattern": "abc"}, "one pair of brackets"),
        ({"pattern": "(a)", "gap_minutes": 3}, "one of file, pattern"),
    ],
)
def test_impossible_ways_are_refused(given, words):
    with pytest.raises(ValueError, match=words):
        GroupsConfig(**given)
