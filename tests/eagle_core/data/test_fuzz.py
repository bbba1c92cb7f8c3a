"""Whatever a file holds: a result, or an EagleError that names the file. What once failed is kept in tests/corpus."""

from __future__ import annotations

import io
import json
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from eagle_core.config import DatasetConfig
from eagle_core.data import decoding
from eagle_core.data.catalogue import list_dataset
from eagle_core.data.images import SUFFIX_OF, read_mask, read_rgb
from eagle_core.data.mmad_questions import read_questions
from eagle_core.data.text_file import read_csv_rows, read_json, read_text
from eagle_core.data.visa import SPLIT_FILE
from eagle_core.errors import DataError

CORPUS = Path(__file__).parents[2] / "corpus"
FORMATS = [name for name in SUFFIX_OF if name not in ("MPO", "DIB")]
READERS: dict[str, Callable[[Path], object]] = {
    "images": read_rgb,
    "masks": read_mask,
    "text": read_text,
    "json": read_json,
    "mmad": read_questions,
    "csv": lambda path: read_csv_rows(path, ("object", "image")),
}


@pytest.fixture(autouse=True)
def small_images_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed header may promise ninety million pixels; the limit is the same check at any height."""
    monkeypatch.setattr(decoding, "MAX_PIXELS", 1_000_000)


def result_or_named_error(read: Callable[[Path], object], path: Path) -> object | None:
    """What ``read`` returns; None where it refuses the file by name. Anything else that it raises fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return read(path)
        except DataError as error:
            assert path.name in str(error)
            return None


def encoded(image_format: str, mode: str = "RGB", size: tuple[int, int] = (24, 16)) -> bytes:
    pixels = np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, image_format)
    return buffer.getvalue()


def png(chunks: list[tuple[bytes, bytes]], size: tuple[int, int] = (4, 3)) -> bytes:
    """A grey PNG of ``size`` whose header is honest, with ``chunks`` before its pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(range(size[0])) for _ in range(size[1])) if max(size) < 256 else b""
    body = [(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0)), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in body)


@pytest.mark.parametrize("path", sorted(p for p in CORPUS.rglob("*") if p.is_file()), ids=lambda p: p.name)
def test_what_once_failed(path: Path) -> None:
    for read in READERS.values():
        result_or_named_error(read, path)


@given(image_format=st.sampled_from(FORMATS), part=st.floats(0, 1, exclude_max=True), mode=st.sampled_from(["RGB", "L"]))
def test_an_image_cut_off_anywhere(tmp_path: Path, image_format: str, part: float, mode: str) -> None:
    whole = encoded(image_format, mode)
    path = tmp_path / f"cut{SUFFIX_OF[image_format]}"
    path.write_bytes(whole[: int(part * len(whole))])
    for read in (read_rgb, read_mask):
        result_or_named_error(read, path)


@given(
    image_format=st.sampled_from(FORMATS),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
)
@example(image_format="AVIF", changes=[(0.53125, 0)])
def test_a_mask_with_changed_bytes(tmp_path: Path, image_format: str, changes: list[tuple[float, int]]) -> None:
    content = bytearray(encoded(image_format, "L"))
    for where, value in changes:
        content[int(where * len(content))] = value
    path = tmp_path / f"changed{SUFFIX_OF[image_format]}"
    path.write_bytes(content)
    mask = result_or_named_error(read_mask, path)
    assert mask is None or (isinstance(mask, np.ndarray) and mask.dtype == bool and mask.ndim == 2)


@pytest.mark.parametrize("image_format", ["EPS", "PCX", "SGI", "TGA", "ICO", "XBM", "PDF", "IM", "MSP", "SPIDER"])
def test_formats_outside_the_list_are_refused_under_any_name(tmp_path: Path, image_format: str) -> None:
    buffer = io.BytesIO()
    mode = {"XBM": "1", "MSP": "1", "SPIDER": "F"}.get(image_format, "RGB")
    Image.new("RGB", (16, 16), "white").convert(mode).save(buffer, image_format)
    path = tmp_path / "part.png"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(DataError, match=r"part\.png: not an image that can be read"):
        read_rgb(path)


# WebP holds at most 16383 pixels a side; to write an AVIF of 20,000 takes gigabytes.
ODD = [(name, size) for name in FORMATS for size in [(1, 1), (1, 300), (20_000, 1), (3, 2)] if name not in ("WEBP", "AVIF") or max(size) < 999]


@pytest.mark.parametrize(("image_format", "size"), ODD)
def test_images_of_odd_sizes(tmp_path: Path, image_format: str, size: tuple[int, int]) -> None:
    path = tmp_path / f"odd{SUFFIX_OF[image_format]}"
    path.write_bytes(encoded(image_format, size=size))
    image = result_or_named_error(read_rgb, path)
    assert isinstance(image, Image.Image) and image.size == size
    assert read_mask(path).shape == size[::-1]


@pytest.mark.parametrize("size", [(20_000, 20_000), (2**31 - 1, 1), (1, 2**31 - 1), (9_460, 9_460)])
def test_a_bomb_is_told_by_its_header(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png([], size))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(DataError, match=r"bomb\.png: too large"):
            read_rgb(path)


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"iCCP"])
def test_a_png_with_megabytes_of_text_is_read(tmp_path: Path, kind: bytes) -> None:
    text = b"x" * (3 << 20)
    packed = {
        b"tEXt": b"Comment\0" + text,
        b"zTXt": b"Comment\0\0" + zlib.compress(text),
        b"iTXt": b"Comment\0\1\0\0\0" + zlib.compress(text),
        b"iCCP": b"profile\0\0" + zlib.compress(text),
    }[kind]
    path = tmp_path / "talkative.png"
    path.write_bytes(png([(kind, packed)]))
    assert np.asarray(read_rgb(path))[..., 0].tolist() == [[0, 1, 2, 3]] * 3


def test_the_limit_on_text_is_left_as_it_is(tmp_path: Path) -> None:
    from PIL import PngImagePlugin

    before = PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY
    path = tmp_path / "talkative.png"
    path.write_bytes(png([(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * (3 << 20)))]))
    read_rgb(path)
    assert before == (PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY)


cells = st.text(st.characters(blacklist_categories=("Cs",)), max_size=8) | st.sampled_from(
    ["train", "test", "normal", "anomaly", "candle", "candle/0.png", "..\\up.png", "C:\\x.png", "a\0b", "", "."]
)


@given(rows=st.lists(st.lists(cells, min_size=0, max_size=6), max_size=5), separator=st.sampled_from(",;\t"))
def test_any_split_file_of_visa(tmp_path: Path, rows: list[list[str]], separator: str) -> None:
    (tmp_path / "split_csv").mkdir(exist_ok=True)
    lines = [["object", "split", "label", "image", "mask"], *rows]
    (tmp_path / SPLIT_FILE).write_text("\n".join(separator.join(line) for line in lines), encoding="utf-8", newline="")
    config = DatasetConfig(name="visa", format="visa", root=tmp_path)
    result_or_named_error(lambda path: list_dataset(config), tmp_path / SPLIT_FILE)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | cells,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(cells, inner, max_size=3),
    max_leaves=6,
)
asked = st.fixed_dictionaries(
    {"Question": values, "Answer": values | st.just("A"), "Options": values | st.just({"A": "Yes.", "B": "No."}), "type": values | st.just("Anomaly Detection")}
)
entries = st.fixed_dictionaries(
    {"conversation": st.lists(values | asked, max_size=3) | values},
    optional={"similar_templates": values, "random_templates": values, "mask_path": values},
)


@given(st.dictionaries(cells | st.sampled_from(["D/c/bad/0.png", "D\\c\\good\\0.png", "../a/b.png"]), values | entries, max_size=3) | values)
def test_any_mmad_json(tmp_path: Path, content: object) -> None:
    root = tmp_path / "D"
    root.mkdir(exist_ok=True)
    path = tmp_path / "mmad.json"
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    result_or_named_error(read_questions, path)
    config = DatasetConfig(name="d", format="mmad", root=root)
    try:
        list_dataset(config)
    except DataError as error:
        assert str(tmp_path) in str(error)
