"""A mask marks the same pixels however a tool wrote it; what cannot be told from the file is remarked on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter, maximum_filter, minimum_filter

from eagle_core.data.images import read_mask, read_masks_of, read_rgb
from eagle_core.errors import DataError
from eagle_core.records import Sample

HEIGHT, WIDTH = 60, 90
TRUTH = np.zeros((HEIGHT, WIDTH), bool)
TRUTH[12:31, 20:58] = True
TRUTH[40:50, 70:80] = True


def saved(path: Path, pixels: np.ndarray | Image.Image, **options: object) -> Path:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(path, **options)
    return path


def palette(*colours: tuple[int, int, int]) -> Image.Image:
    image = Image.fromarray(TRUTH.astype(np.uint8)).convert("P")
    image.putpalette([channel for colour in colours for channel in colour])
    return image


def sample(image: Path, *masks: Path) -> Sample:
    return Sample("d", "c", image.name, image, "test", True, "hole", masks[0], masks[1:])


WHITE = (TRUTH * 255).astype(np.uint8)
ALL = np.full_like(WHITE, 255)
WRITTEN = {
    "white on black": WHITE,
    "ones": TRUTH.astype(np.uint8),
    "one bit": TRUTH,
    "sixteen bits": (TRUTH * 65535).astype(np.uint16),
    "red": np.dstack([WHITE, 0 * WHITE, 0 * WHITE]),
    "blue and green": np.dstack([0 * WHITE, 0 * WHITE + WHITE // 2, WHITE]),
    "labels 1 and 2": np.where(TRUTH, 2, 1).astype(np.uint8),
    "labels 3 and 1": np.where(TRUTH, 1, 3).astype(np.uint8),
    "opacity of white": np.dstack([ALL, ALL, ALL, WHITE]),
    "opacity of black": np.dstack([0 * ALL, 0 * ALL, 0 * ALL, WHITE]),
    "palette with black": palette((0, 0, 0), (128, 0, 0)),
    "palette without black": palette((68, 1, 84), (253, 231, 37)),
    "palette of equal brightness": palette((200, 0, 0), (0, 200, 0)),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_every_writing_marks_the_same_pixels(tmp_path: Path, name: str) -> None:
    assert np.array_equal(read_mask(saved(tmp_path / "mask.png", WRITTEN[name])), TRUTH)


@pytest.mark.parametrize("kinds", [(1, 2), (3, 7), (1, 255)])
def test_kinds_of_defect_by_number_are_all_marked(tmp_path: Path, kinds: tuple[int, int]) -> None:
    labels = np.zeros_like(WHITE)
    labels[12:31, 20:58], labels[40:50, 70:80] = kinds
    assert np.array_equal(read_mask(saved(tmp_path / "mask.png", labels)), TRUTH)


@pytest.mark.parametrize("scale", [2, 3, 5])
@pytest.mark.parametrize("up", [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS])
def test_a_scaled_mask_keeps_its_area(tmp_path: Path, scale: int, up: Image.Resampling) -> None:
    """Everything above black would be up to 1.7 times the area."""
    small = Image.fromarray(WHITE).resize((WIDTH // scale, HEIGHT // scale), Image.Resampling.BOX)
    mask = read_mask(saved(tmp_path / "mask.png", small.resize((WIDTH, HEIGHT), up)))
    assert mask.sum() == pytest.approx(TRUTH.sum(), rel=0.08)
    assert (mask & TRUTH).sum() / (mask | TRUTH).sum() > 0.85


@pytest.mark.parametrize("blur", [0.6, 1.5, 3.0])
def test_a_blurred_mask_keeps_its_area(tmp_path: Path, blur: float) -> None:
    path = saved(tmp_path / "mask.png", np.rint(gaussian_filter(WHITE.astype(float), blur)).astype(np.uint8))
    assert read_mask(path).sum() == pytest.approx(TRUTH.sum(), rel=0.1)


def test_remarks_tell_what_was_put_right_and_what_was_not(tmp_path: Path) -> None:
    image = saved(tmp_path / "0.png", Image.new("RGB", (WIDTH, HEIGHT)))
    grey = Image.fromarray(WHITE).resize((WIDTH // 2, HEIGHT // 2), Image.Resampling.BOX).resize((WIDTH, HEIGHT))
    for name, pixels, remarks in [
        ("plain", WHITE, ()),
        ("grey", grey, ("grey_edges",)),
        ("labels", WRITTEN["labels 1 and 2"], ("no_black",)),
        ("inverted", 255 - WHITE, ("inverted",)),
        ("full", ALL, ("full",)),
        ("empty", 0 * ALL, ("empty",)),
        ("rim", np.where(minimum_filter(ALL, 3, mode="constant") > 0, 0, 255).astype(np.uint8), ("outline",)),
        ("outline", WHITE - minimum_filter(WHITE, 3), ("outline",)),
        ("ring", np.where(maximum_filter(WHITE, 13) > WHITE, 255, 0).astype(np.uint8), ()),
    ]:
        assert read_masks_of(sample(image, saved(tmp_path / f"{name}_mask.png", pixels)), (WIDTH, HEIGHT)).remarks == remarks


def test_a_large_defect_is_not_taken_for_an_inverted_mask(tmp_path: Path) -> None:
    large = np.zeros_like(WHITE)
    large[2:-2, 2:-2] = 255
    image = saved(tmp_path / "0.png", Image.new("RGB", (WIDTH, HEIGHT)))
    assert read_masks_of(sample(image, saved(tmp_path / "0_mask.png", large)), (WIDTH, HEIGHT)).remarks == ()


def test_several_masks_of_an_image_are_one(tmp_path: Path) -> None:
    left, right = WHITE.copy(), WHITE.copy()
    left[:, 60:], right[:, :60] = 0, 0
    image = saved(tmp_path / "0.png", Image.new("RGB", (WIDTH, HEIGHT)))
    masks = saved(tmp_path / "000.png", left // 255 * 250), saved(tmp_path / "001.png", right // 255 * 249)
    assert np.array_equal(read_masks_of(sample(image, *masks), (WIDTH, HEIGHT)).defective, TRUTH)


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_mask_of_the_photograph_before_it_was_turned_is_turned_too(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    # The image itself shows the truth, so that what is upright need not be worked out by hand.
    image = saved(tmp_path / "0.png", Image.fromarray(WHITE), exif=exif)
    mask = read_masks_of(sample(image, saved(tmp_path / "0_mask.png", WHITE)), (HEIGHT, WIDTH))
    assert np.array_equal(mask.defective, np.asarray(read_rgb(image))[..., 0] > 0)
    assert mask.remarks == ("turned",)


@pytest.mark.parametrize(("orientation", "size"), [(3, (WIDTH, HEIGHT)), (2, (WIDTH, HEIGHT)), (6, (40, 40))])
def test_where_its_size_does_not_tell_whether_a_mask_was_turned_it_is_remarked(
    tmp_path: Path, orientation: int, size: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = saved(tmp_path / "0.jpg", Image.new("RGB", size), exif=exif)
    drawn = Image.fromarray(WHITE).resize(size, Image.Resampling.NEAREST)
    assert read_masks_of(sample(image, saved(tmp_path / "0_mask.png", drawn)), size).remarks == ("perhaps_turned",)


def test_a_mask_of_another_size_names_both_sizes(tmp_path: Path) -> None:
    image = saved(tmp_path / "0.png", Image.new("RGB", (20, 10)))
    with pytest.raises(DataError, match=r"0_mask\.png: mask of 90x60 pixels for an image of 20x10"):
        read_masks_of(sample(image, saved(tmp_path / "0_mask.png", WHITE)), (20, 10))


@pytest.mark.parametrize("white", [255, 200, 120, 60])
def test_a_jpeg_mask_may_be_of_any_grey(tmp_path: Path, white: int) -> None:
    drawn = Image.fromarray(np.where(WHITE > 0, white, 0).astype(np.uint8))
    drawn.save(tmp_path / "mask.jpg", quality=80)
    truth = WHITE > 0
    found = read_mask(tmp_path / "mask.jpg")
    assert (found & truth).sum() / (found | truth).sum() > 0.95
    Image.new("L", drawn.size, 3).save(tmp_path / "nothing.jpg")
    assert not read_mask(tmp_path / "nothing.jpg").any()
