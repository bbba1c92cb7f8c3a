"""Text files as they come: from other systems, through spreadsheets and editors that change how they are written.

Reads UTF-8, UTF-16 and UTF-32 with or without a byte-order mark, and CSV that is separated by commas, semicolons or
tabulators. What else it might be (Latin-1, GBK, …) cannot be told from the bytes, so it is refused, not guessed.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from eagle_core.errors import DataError

_MARKS = (
    # UTF-32 first: its mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_SEPARATORS = ",;\t|"


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row that is not empty."""

    line: int
    """Where it ends in the file, from 1."""
    values: dict[str, str]
    """By column, without blanks around them; a missing cell is empty."""


def read_text(path: Path) -> str:
    """All text of ``path``, without a byte-order mark.

    Raises:
        DataError: It is no file, may not be read, or is no Unicode text; the file is named.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file; check the path")
    if not path.is_file():
        raise DataError(f"{path}: cannot be read as a text file: it is a folder or a device; check the path")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); allow reading it (chmod u+r)") from error
    encoding = _encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: no text in UTF-8 or UTF-16 (byte {error.start} is 0x{content[error.start]:02x}); save it as UTF-8 "
            '(in a spreadsheet: "CSV UTF-8")'
        ) from error
    if "\0" in text:
        raise DataError(f"{path}: holds binary data, no text; is it another file under that name?")
    return text


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        DataError: As ``read_text``; or it is empty, cut off or no JSON, with line and column.
    """
    text = read_text(path)
    if not text.strip():
        raise DataError(f"{path}: not valid JSON: the file is empty; was the program that wrote it cut off?")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DataError(f"{path}: not valid JSON ({error.msg}, {place}); {_json_remedy(text, error)}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON ({error}); write it anew") from error


def read_csv_rows(path: Path, columns: Sequence[str]) -> list[CsvRow]:
    """The rows of a CSV file that names its ``columns`` in its first line; further columns are kept.

    Empty rows are passed over; so is a first line ``sep=;`` as spreadsheets write it.

    Raises:
        DataError: As ``read_text``; or a column is missing, named twice, or a row has more cells than columns.
    """
    text = read_text(path)
    skipped = 0
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == len("sep=") + 1:
        text, skipped = rest, 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text, columns))
    try:
        cells = [(skipped + reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise DataError(f"{path}, line {skipped + reader.line_num}: not CSV ({error}); write it anew") from error
    filled = [(line, row) for line, row in cells if any(row)]
    header = filled[0][1] if filled else []
    while header and not header[-1]:
        header = header[:-1]
    _check_header(path, header, columns)
    return [_row(path, line, row, header) for line, row in filled[1:]]


def forward_slashes(path: str) -> str:
    """A relative path as written on Windows (``candle\\Data\\0.png``, ``.\\0.png``) in POSIX form."""
    return path.strip().replace("\\", "/").removeprefix("./")


def relative_path(text: str, where: str) -> PurePosixPath:
    """A path that a file lists, relative to the folder of the data and inside of it, in POSIX form.

    Args:
        text: As written, on Windows too.
        where: File and entry, for the error.

    Raises:
        DataError: It is empty, absolute, leaves the folder, or can be no path at all.
    """
    path = PurePosixPath(forward_slashes(text))
    if not path.parts or "\0" in text:
        raise DataError(f"{where}: {text!r} is no path of a file")
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", text):
        raise DataError(f"{where}: {text} leaves the dataset's folder; paths must be relative to it")
    return path


def _encoding(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    # Without a mark: every other byte of mostly Latin text in UTF-16 is zero.
    sample = content[:4096]
    if sample.count(0) > len(sample) / 4:
        return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
    return "utf-8"


def _json_remedy(text: str, error: json.JSONDecodeError) -> str:
    if error.msg == "Extra data" and text[: error.pos].rstrip()[-1:] in ("}", "]"):
        return "several values, one after the other (JSON Lines?): put them into one list, [..., ...]"
    if "escape" in error.msg:
        return "write back-slashes twice, or as forward slashes"
    if error.pos >= len(text.rstrip()):
        return "it ends too early: was the program that wrote it cut off?"
    return "correct it there, or write it anew"


def _separator(text: str, columns: Sequence[str]) -> str:
    """The separator under which most of the wanted columns are found in the first line that is not empty."""
    header = next((line for line in text.splitlines() if line.strip(_SEPARATORS + " ")), "")

    def found(separator: str) -> int:
        [cells] = list(csv.reader([header], delimiter=separator)) or [[]]
        return len({cell.strip() for cell in cells}.intersection(columns))

    return max(_SEPARATORS, key=found)


def _check_header(path: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in header]
    if missing:
        shown = ", ".join(header) or "nothing"
        raise DataError(f"{path}: no column {', '.join(missing)} in its first line ({shown}); name the columns there")
    twice = {column for column in header if column and header.count(column) > 1}
    if twice:
        raise DataError(f"{path}: column {', '.join(sorted(twice))} is there twice; remove one")


def _row(path: Path, line: int, row: Sequence[str], header: Sequence[str]) -> CsvRow:
    if any(row[len(header) :]):
        raise DataError(f"{path}, line {line}: {len(row)} cells under {len(header)} columns; correct the row")
    padded = [*row, *[""] * len(header)]
    return CsvRow(line, dict(zip(header, padded, strict=False)))
