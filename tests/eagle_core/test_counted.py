from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from eagle_core.counted import counted

ROOT = Path(__file__).parents[2]
COUNTS = re.compile(r"(?<![\w.])(?:len|sum)\([^{}]*\)$|^[a-z_.]*count$")
NOUN = re.compile(r"^ (?:[a-z]+ ){0,2}(?:images|parts|answers|questions|files|masks|categories|rows|runs|points|entries|experts)\b")


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (1, ("image",), "1 image"),
        (0, ("image",), "0 images"),
        (2, ("category",), "2 categories"),
        (2, ("key",), "2 keys"),
        (3, ("box",), "3 boxes"),
        (1, ("image has", "images have"), "1 image has"),
        (2, ("image has", "images have"), "2 images have"),
    ],
)
def test_a_number_agrees_with_its_noun(number, words, said):
    assert counted(number, *words) == said


def test_no_message_counts_without_it():
    """``{len(x)} images`` says "1 images"; "of", "all" and the like before it, and errors that cannot meet one, may."""
    found = []
    for path in [p for package in ("flows/cli", "eagle_core/evaluation", "eagle_core/report", "tasks/preflight") for p in (ROOT / package).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                for value, after in zip(node.values, node.values[1:], strict=False):
                    counts = isinstance(value, ast.FormattedValue) and COUNTS.search(ast.unparse(value.value))
                    if counts and isinstance(after, ast.Constant) and NOUN.match(str(after.value)):
                        found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}")
    assert not found
