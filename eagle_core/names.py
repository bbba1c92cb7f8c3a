"""Names of files and folders as text that every file format takes, and back.

A file system holds bytes; names from another system (a zip of a Chinese Windows) may be no UTF-8. Python keeps such
bytes as lone surrogates, which no JSON, Parquet or HTML file can hold. Here they are percent-encoded (``%BB%AE.png``), and
so is a percent sign that would be taken for the beginning of such a code; every other name stays as it is.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata

LONGEST_NAME = 120
"""Bytes of a name of ours."""
_LOOKS_ENCODED = re.compile(r"%(?=[0-9A-Fa-f]{2})")
_CODES = re.compile(rb"%([0-9A-Fa-f]{2})")


def as_text(name: str) -> str:
    """A name or path, as Python gives it, as text. ``from_text`` is its inverse."""
    return printable(_LOOKS_ENCODED.sub("%25", name))


def from_text(text: str) -> str:
    """The name or path that ``as_text`` made ``text`` of, as Python's file functions take it."""
    return os.fsdecode(_CODES.sub(lambda code: bytes([int(code[1], 16)]), text.encode()))


def printable(text: str) -> str:
    """``text`` with its lone surrogates percent-encoded: for messages, which need no way back."""
    return "".join(_code(letter) if "\ud800" <= letter <= "\udfff" else letter for letter in text)


def short_name(text: str) -> str:
    """``text`` as part of a new file's name: whole where it is short; else its beginning and a code that tells it apart.

    File systems take names of 255 bytes, and prefixes and endings are still to come.
    """
    content = text.encode("utf-8", "surrogateescape")
    if len(content) <= LONGEST_NAME:
        return text
    return f"{content[: LONGEST_NAME - 9].decode('utf-8', 'ignore')}-{hashlib.sha256(content).hexdigest()[:8]}"


def dataset_name(folder: str) -> str:
    """A name for a dataset made of a folder's: small letters, digits and underscores; it always begins with a letter.

    Letters of all scripts stay, so that names keep what tells them apart.
    """
    plain = unicodedata.normalize("NFC", as_text(folder)).lower()
    words = "_".join(re.findall(r"\w+", plain.replace("_", " ")))
    if not words:
        return "dataset"
    return words if words[0].isalpha() and words not in _YAML_WORDS else f"dataset_{words}"


_YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""What YAML takes for something else than text."""


def _code(surrogate: str) -> str:
    if "\udc80" <= surrogate <= "\udcff":
        return f"%{ord(surrogate) - 0xDC00:02X}"
    return f"%{ord(surrogate):04X}"
