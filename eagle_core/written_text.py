"""Text on its way into files: nothing is written that would not be read again."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eagle_core.errors import DataError
from eagle_core.whole_file import written_whole

if TYPE_CHECKING:
    import pandas as pd


def fault_of(text: str) -> str | None:
    """Why no file can hold ``text``: a lone surrogate (half a character), as in a file name that is not UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        near = text[max(0, error.start - 20) : error.start + 20]
        return f"{near!a} holds half a character (a lone surrogate), which cannot be written"
    return None


def check_text(text: str, where: str) -> None:
    """Refuse what no file can hold.

    Raises:
        DataError: ``text`` holds a lone surrogate; begins with ``where``.
    """
    fault = fault_of(text)
    if fault:
        raise DataError(f"{where}: {fault}; rename or correct it")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write ``table`` without its index. Text is quoted: unquoted, a carriage return inside it would end the row."""
    table.to_csv(path, index=False, quoting=csv.QUOTE_NONNUMERIC)


def write_json(content: Any, path: Path) -> None:
    """Write ``content`` where nothing was, or in place of a whole file; its folder is made.

    Raises:
        DataError: A text in it holds a lone surrogate.
    """
    text = json.dumps(content, indent=1, ensure_ascii=False)
    check_text(text, str(path))
    with written_whole(path) as aside:
        aside.write_text(text, encoding="utf-8")
