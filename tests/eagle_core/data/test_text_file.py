"""Text that went through a spreadsheet, an editor or another system is read as what it says, or refused with the cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.data.text_file import forward_slashes, read_csv_rows, read_json, read_text
from eagle_core.errors import DataError

WRITINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


def saved(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", WRITINGS)
def test_json_is_the_same_in_every_unicode_writing(tmp_path: Path, encoding: str) -> None:
    content = {"görlitz/划痕/000.png": ["Yes.", 1.5, None]}
    path = saved(tmp_path / "a.json", json.dumps(content, ensure_ascii=False), encoding)
    assert read_json(path) == content


@pytest.mark.parametrize("encoding", WRITINGS)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_spreadsheet_may_write_a_table_as_it_likes(tmp_path: Path, encoding: str, separator: str, end: str) -> None:
    lines = [["object", "image", "note"], ["", "", ""], ["candle", "a b.png", "größer"], [], ["cup", '"x,;\ty"', ""], ["", "", ""]]
    path = saved(tmp_path / "a.csv", end.join(separator.join(cells) for cells in lines), encoding)
    rows = read_csv_rows(path, ("object", "image"))
    assert [row.values for row in rows] == [
        {"object": "candle", "image": "a b.png", "note": "größer"},
        {"object": "cup", "image": "x,;\ty", "note": ""},
    ]
    assert [row.line for row in rows] == [3, 5]


def test_excels_line_about_the_separator_is_passed_over(tmp_path: Path) -> None:
    [row] = read_csv_rows(saved(tmp_path / "a.csv", "sep=;\nobject;image\ncup;0.png\n"), ("object", "image"))
    assert (row.line, row.values) == (3, {"object": "cup", "image": "0.png"})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("größe".encode("latin-1"), r"no text in UTF-8 or UTF-16 \(byte 2 is 0xf6\); save it as UTF-8"),
        (b"[1, 2", r"line 1, column 6\); it ends too early"),
        (b'{"a": "candle\\Data"}', r"escape.*back-slashes twice"),
        (b"", "the file is empty"),
        (b'{"a": 1,, }', "line 1, column 9"),
        (b"[" * 100_000, "not valid JSON"),
        (b"\x89PNG\0\x01{}{}{}{}{}{}", "no text|binary"),
        (b'{"a": 1}\n{"a": 2}\n', "several values, one after the other .JSON Lines.*one list"),
    ],
)
def test_the_cause_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = saved(tmp_path / "odd.json", content)
    with pytest.raises(DataError, match=words) as caught:
        read_json(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("object,picture\na,b\n", "no column image in its first line"),
        ("", "no column object, image in its first line \\(nothing\\)"),
        ("object,image,image\na,b,c\n", "column image is there twice"),
        ("object,image\na,b,c\n", "line 2: 3 cells under 2 columns"),
        ('object,image\na,"' + "b" * 200_000, "line .: not CSV"),
    ],
)
def test_a_table_that_is_none_is_refused_by_line(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_csv_rows(saved(tmp_path / "a.csv", content), ("object", "image"))


def test_paths_of_windows_become_posix_paths() -> None:
    assert [forward_slashes(p) for p in ("candle\\Data\\0.JPG", ".\\a b.png", " a/b ")] == ["candle/Data/0.JPG", "a b.png", "a/b"]


@given(content=st.binary(max_size=200) | st.text(max_size=80).map(lambda text: text.encode("utf-16")))
def test_any_bytes_are_text_or_a_data_error_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    path = saved(tmp_path / "any", content)
    for read in (read_text, read_json, lambda p: read_csv_rows(p, ("object",))):
        try:
            read(path)
        except DataError as error:
            assert str(error).startswith(str(path))
