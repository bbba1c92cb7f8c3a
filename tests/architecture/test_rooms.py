"""Every folder is a room with a name on its door: what belongs there and what does not."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = sorted({path.parent for package in ("eagle_core", "tasks", "flows") for path in (ROOT / package).rglob("*.py")})
SAYS_WHAT_NOT = re.compile(r"\b(no|not|none|nothing|never|neither|without)\b", re.IGNORECASE)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.relative_to(ROOT).as_posix())
def test_the_docstring_says_what_belongs_there_and_what_does_not(folder: Path) -> None:
    text = (folder / "__init__.py").read_text(encoding="utf-8")
    said = ast.get_docstring(ast.parse(text)) or ""
    assert len(said.split()) >= 5, f"{folder}/__init__.py: one line on what belongs here"
    assert SAYS_WHAT_NOT.search(said), f"{folder}/__init__.py: say what does not belong here too"
