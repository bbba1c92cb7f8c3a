"""Any name that a file system has is text, and comes back."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.errors import DataError
from eagle_core.names import as_text, dataset_name, from_text, printable, short_name


@given(st.binary(max_size=40).filter(lambda name: b"\0" not in name))
def test_every_name_is_text_and_comes_back(name: bytes) -> None:
    text = as_text(os.fsdecode(name))
    text.encode("utf-8")
    assert os.fsencode(from_text(text)) == name


@given(st.lists(st.binary(max_size=6).filter(lambda name: b"\0" not in name), unique=True, max_size=8))
def test_different_names_stay_different(names: list[bytes]) -> None:
    assert len({as_text(os.fsdecode(name)) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"000.png", "000.png"),
        ("划痕/größe [a] #2 & <b>.png".encode(), "划痕/größe [a] #2 & <b>.png"),
        (b"\xbb\xae.png", "%BB%AE.png"),
        (b"100%.png", "100%.png"),
        (b"a%20b.png", "a%2520b.png"),
        (b"%\xbb", "%%BB"),
    ],
)
def test_names_as_they_are_shown(name: bytes, text: str) -> None:
    assert as_text(os.fsdecode(name)) == text


def test_messages_can_be_written_anywhere() -> None:
    message = f"{os.fsdecode(bytes([0x67, 0xFC]))}: no such file"
    assert str(DataError(message)) == printable(message) == "g%FC: no such file"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("My Photos", "my_photos"),
        ("ねじ 1 (neu) [a] #2 & <b>", "ねじ_1_neu_a_2_b"),
        ("划痕 2", "划痕_2"),
        ("Größe", "größe"),
        ("2", "dataset_2"),
        ("2024-05-01", "dataset_2024_05_01"),
        ("_x", "x"),
        ("yes", "dataset_yes"),
        ("[]", "dataset"),
        (os.fsdecode(b"\xbb\xae"), "bb_ae"),
    ],
)
def test_a_folder_names_a_dataset(folder: str, name: str) -> None:
    assert dataset_name(folder) == name
    assert dataset_name(name) == name


def test_a_long_name_is_shortened_and_stays_apart_from_others() -> None:
    long = "ü" * 200
    assert short_name("part 1") == "part 1"
    assert len(f"{short_name(long)}_mask.png.partial".encode()) < 255 - 60
    assert short_name(long) != short_name(long + "x") and short_name(long).startswith("ü" * 50)
