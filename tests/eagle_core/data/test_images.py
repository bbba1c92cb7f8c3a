"""Each way in which an image file can disappoint is told apart, and each honest file is read as it looks."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eagle_core.data.images import IMAGE_SUFFIXES, is_image_file, read_image_of, read_rgb, reading_once
from eagle_core.data.masks import read_mask
from eagle_core.errors import DataError
from eagle_core.records import Sample


def encoded(image: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def picture(width: int = 24, height: int = 16) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header promises (width, height) pixels and that holds next to none."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("image_format", ["PNG", "BMP", "TIFF", "PPM"])
def test_rgb_comes_back_pixel_for_pixel(tmp_path: Path, image_format: str) -> None:
    path = tmp_path / "picture.any"
    path.write_bytes(encoded(picture(), image_format))
    assert np.array_equal(np.asarray(read_rgb(path)), np.asarray(picture()))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    stored = np.asarray(picture())
    upright = {  # TIFF 6.0, tag 274: where the stored row 0 and column 0 lie in the upright image
        1: stored,
        2: stored[:, ::-1],
        3: stored[::-1, ::-1],
        4: stored[::-1],
        5: stored.transpose(1, 0, 2),
        6: stored[::-1].transpose(1, 0, 2),
        7: stored[::-1, ::-1].transpose(1, 0, 2),
        8: stored[:, ::-1].transpose(1, 0, 2),
    }[orientation]
    path = saved(tmp_path / "turned.png", picture(), exif=exif)
    assert np.array_equal(np.asarray(read_rgb(path)), upright)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".pgm"])
def test_sixteen_bits_are_scaled_by_their_full_range(tmp_path: Path, suffix: str) -> None:
    wide = np.array([[0, 128, 129, 257], [32768, 40000, 65406, 65535]], dtype=np.uint16)
    path = saved(tmp_path / f"wide{suffix}", Image.fromarray(wide))
    by_hand = [[0, 0, 1, 1], [128, 156, 254, 255]]  # 128/257 = 0.498, 129/257 = 0.502, 40000/257 = 155.6 …
    assert np.array_equal(np.asarray(read_rgb(path)), np.repeat(np.array(by_hand)[..., None], 3, axis=-1))


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_32_bit_pixels_are_refused(tmp_path: Path, dtype: type) -> None:
    path = saved(tmp_path / "deep.tif", Image.fromarray(np.ones((4, 4), dtype)))
    with pytest.raises(DataError, match=r"deep\.tif: 32-bit pixels.*save"):
        read_rgb(path)


def test_grey_and_bilevel_are_repeated_in_three_channels(tmp_path: Path) -> None:
    grey = np.array([[0, 100], [200, 255]], dtype=np.uint8)
    assert np.asarray(read_rgb(saved(tmp_path / "grey.png", Image.fromarray(grey)))).tolist() == [
        [[0] * 3, [100] * 3],
        [[200] * 3, [255] * 3],
    ]
    bilevel = Image.fromarray(grey > 150)
    assert np.asarray(read_rgb(saved(tmp_path / "bilevel.png", bilevel)))[..., 0].tolist() == [
        [0, 0],
        [255, 255],
    ]


def test_palette_becomes_its_colours(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putdata([1, 0])
    path = saved(tmp_path / "palette.png", image)
    assert np.asarray(read_rgb(path)).tolist() == [[[40, 50, 60], [10, 20, 30]]]


def test_transparent_pixels_are_laid_over_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (3, 1))
    image.putdata([(9, 9, 9, 0), (0, 0, 0, 51), (1, 2, 3, 255)])
    path = saved(tmp_path / "alpha.png", image)
    assert np.asarray(read_rgb(path)).tolist() == [
        [[255] * 3, [204] * 3, [1, 2, 3]]
    ]  # 255 * (1 - 51/255) = 204
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.putdata([1, 0])
    path = saved(tmp_path / "see_through.png", palette, transparency=0)
    assert np.asarray(read_rgb(path)).tolist() == [[[40, 50, 60], [255] * 3]]


def test_what_is_no_usable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "dangling.png").symlink_to(tmp_path / "gone")
    (tmp_path / "text.png").write_text("not an image")
    (tmp_path / "vector.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    for name, words in {
        "missing.png": "no such file",
        "empty.png": "the file is empty",
        "folder.png": "not a file",
        "dangling.png": "a link whose target is missing",
        "text.png": "not an image",
        "vector.png": "not an image",
    }.items():
        with pytest.raises(DataError, match=words) as caught:
            read_rgb(tmp_path / name)
        assert str(caught.value).startswith(str(tmp_path / name))


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "JPEG2000"])
def test_a_truncated_image_is_refused(tmp_path: Path, image_format: str) -> None:
    whole = encoded(picture(64, 64), image_format)
    path = tmp_path / "cut.png"
    for part in (0.1, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(DataError, match=r"cut\.png: (damaged|not an image)"):
            read_rgb(path)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
def test_an_image_without_pixels_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "flat.png"
    path.write_bytes(png_claiming(*size))
    with pytest.raises(DataError, match=r"flat\.png: "):
        read_rgb(path)


@pytest.mark.parametrize("size", [(9460, 9460), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_claiming(*size))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with pytest.raises(DataError, match=r"bomb\.png: too large .* scale it down"):
            read_rgb(path)
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with pytest.raises(DataError, match=r"bomb\.png: too large"):
            read_rgb(path)


def test_moving_pictures_are_refused(tmp_path: Path) -> None:
    frames = [picture(), picture().rotate(180)]
    path = saved(tmp_path / "film.tif", frames[0], save_all=True, append_images=frames[1:])
    with pytest.raises(DataError, match=r"film\.tif: holds 2 frames"):
        read_rgb(path)


@given(
    image_format=st.sampled_from(["PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "PPM", "JPEG2000"]),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8
    ),
)
def test_a_mutated_file_is_an_image_or_a_data_error(
    tmp_path: Path, image_format: str, changes: list[tuple[float, int]]
) -> None:
    content = bytearray(encoded(picture(), image_format))
    for where, value in changes:
        content[int(where * len(content))] = value
    path = tmp_path / "mutated"
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = read_rgb(path)
        except DataError as error:
            assert str(error).startswith(str(path))
        else:
            assert image.mode == "RGB"


def test_a_mask_is_true_where_it_is_above_zero(tmp_path: Path) -> None:
    path = saved(tmp_path / "mask.png", Image.fromarray(np.array([[0, 1, 25], [0, 0, 7]], dtype=np.uint8)))
    mask = read_mask(path, (3, 2))
    assert mask.dtype == bool
    assert mask.tolist() == [[False, True, True], [False, False, True]]


def test_masks_in_colour_palette_and_alpha_mean_what_they_show(tmp_path: Path) -> None:
    colour = Image.new("RGB", (2, 1))
    colour.putdata([(0, 0, 5), (0, 0, 0)])
    assert read_mask(saved(tmp_path / "colour.png", colour)).tolist() == [[True, False]]
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 255, 255, 0, 0, 0])
    palette.putdata([0, 1])  # index 0 is white: it is the colour that counts
    assert read_mask(saved(tmp_path / "palette.png", palette)).tolist() == [[True, False]]
    alpha = Image.new("RGBA", (3, 1))
    alpha.putdata([(255, 0, 0, 255), (255, 0, 0, 0), (0, 0, 0, 255)])
    assert read_mask(saved(tmp_path / "alpha.png", alpha)).tolist() == [[True, False, False]]
    wide = Image.fromarray(np.array([[0, 33000, 65535]], dtype=np.uint16))
    assert read_mask(saved(tmp_path / "wide.png", wide)).tolist() == [[False, True, True]]


def test_a_jpeg_mask_does_not_smear(tmp_path: Path) -> None:
    drawn = np.zeros((32, 32), dtype=np.uint8)
    drawn[8:20, 5:27] = 255
    path = saved(tmp_path / "mask.jpg", Image.fromarray(drawn), quality=60)
    assert np.array_equal(read_mask(path, (32, 32)), drawn > 0)


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "mask.png", Image.new("L", (3, 2)))
    with pytest.raises(DataError, match=r"mask\.png: mask of 3x2 pixels for an image of 2x3"):
        read_mask(path, (2, 3))


def test_image_files_are_known_by_name(tmp_path: Path) -> None:
    for name in ("a.png", "b.JPG", "._a.png", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert [p.name for p in sorted(tmp_path.iterdir()) if is_image_file(p)] == ["a.png", "b.JPG"]
    assert all(suffix == suffix.lower() for suffix in IMAGE_SUFFIXES)


def test_where_images_are_read_once_the_file_is_not_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "plate.png"
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(path)
    sample = Sample("line", "plate", "plate.png", path, "test", None)
    expected = np.asarray(read_image_of(sample))
    with reading_once():
        first = read_image_of(sample)
        path.unlink()
        assert read_image_of(sample) is first
        assert np.array_equal(np.asarray(first), expected)
    with pytest.raises(DataError):
        read_image_of(sample)
