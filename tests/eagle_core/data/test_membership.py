"""What is the demo's own is told by content: copies and parts are, anything else is not."""

from __future__ import annotations

import shutil

from PIL import Image

from eagle_core.data.demo.membership import is_demo_dataset, is_demo_image


def test_a_part_of_the_demo_under_other_names_is_the_demos_own(demo_root, tmp_path):
    source = sorted(p for p in demo_root.iterdir() if p.is_dir())[0]
    (tmp_path / "line/normal").mkdir(parents=True)
    for number, image in enumerate(sorted((source / "train/good").iterdir())[:3]):
        shutil.copyfile(image, tmp_path / f"line/normal/photo {number}.png")
    assert is_demo_dataset(tmp_path)
    own = tmp_path / "line/normal/photo 9.png"
    Image.new("RGB", (224, 224), "grey").save(own)
    assert not is_demo_image(own)
    assert not is_demo_dataset(tmp_path), "one image of one's own makes it one's own dataset"


def test_an_image_that_was_turned_is_no_image_of_the_demo(demo_root, tmp_path):
    source = next(iter(sorted(demo_root.rglob("train/good/*.png"))))
    Image.open(source).rotate(90).save(tmp_path / "turned.png")
    assert is_demo_image(source)
    assert not is_demo_image(tmp_path / "turned.png")
    assert not is_demo_image(tmp_path / "absent.png")


def test_a_folder_without_images_is_nobodys(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing here")
    assert not is_demo_dataset(tmp_path)
