"""Names of what ``eagle inspect`` writes: no image's verdict takes another's place."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from eagle_core.config import EagleConfig
from tasks.inspection.choice import choose_category, chosen_images, unread_among
from tasks.inspection.files import file_stems


def test_names_are_plain_where_they_can_be_and_never_equal() -> None:
    paths = [Path("a/s/000.png"), Path("b/s/000.png"), Path("s/1.png"), Path("s/1.jpg"), Path("s/2.png")]
    stems = file_stems(paths)
    assert len(set(stems.values())) == len(paths)
    assert stems[Path("s/2.png")] == "s-2"
    assert all(stems[p].startswith(f"s-{p.stem}") for p in paths)


@pytest.mark.parametrize("named", ["50%25 [a]", "50%2525 [a]"])
def test_a_category_is_found_by_its_folders_name_and_by_the_name_that_is_shown(named: str, tmp_path: Path) -> None:
    for category in ("50%25 [a]", "other"):
        (tmp_path / category / "train/good").mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / category / "train/good/0.png")
    config = EagleConfig.model_validate({"datasets": {"own": {"root": tmp_path}}})
    assert choose_category(config, None, named, tmp_path) == ("own", "50%2525 [a]")


def test_pictures_of_other_formats_in_a_folder_are_named_and_hidden_ones_passed_over(tmp_path: Path) -> None:
    for name in ("a.png", "sub/b.HEIC", "c.nef", "notes.txt", "._d.heic"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert chosen_images([tmp_path]) == ([tmp_path / "a.png"], [])
    assert [line.split(":")[0] for line in unread_among([tmp_path])] == [str(tmp_path / "c.nef"), str(tmp_path / "sub/b.HEIC")]
    assert unread_among([tmp_path / "a.png"]) == []
