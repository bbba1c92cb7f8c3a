"""What nothing but a test calls is wired, or it is not there.

A public function, class or method counts as used where its name is read anywhere in the packages or the benchmarks.
Names are compared, not bindings: two things of one name hide each other, and nothing that is used is reported.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("eagle_core", "tasks", "flows")
ALLOWED = {
    "forget_models": "frees the memory of a process: for notebooks, and for tests that load several models",
    "process_bind_param": "called by SQLAlchemy",
    "process_result_value": "called by SQLAlchemy",
    "downgrade": "called by Alembic",
    "load_context": "called by MLflow",
}


def trees(folders: tuple[str, ...]) -> Iterator[ast.Module]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield ast.parse(path.read_text(encoding="utf-8"))


def names_read() -> Counter[str]:
    read: Counter[str] = Counter()
    for tree in trees((*PACKAGES, "benchmarks")):
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                read[node.id] += 1
            elif isinstance(node, ast.Attribute):
                read[node.attr] += 1
            elif isinstance(node, ast.alias):
                read[node.name] += 1
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                read[node.value] += 1  # getattr, a table of functions by name
    return read


def public(body: list[ast.stmt]) -> Iterator[str]:
    """Names defined in a module and in its classes; what a decorator registers somewhere is used."""
    for node in body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith("_"):
            continue
        if not any(isinstance(d, ast.Call) and isinstance(d.func, ast.Attribute) for d in node.decorator_list):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from public(node.body)


def test_every_public_name_is_used_outside_of_tests() -> None:
    read = names_read()
    unused = sorted({name for tree in trees(PACKAGES) for name in public(tree.body) if not read[name]} - set(ALLOWED))
    assert not unused, f"called by nothing but tests: {', '.join(unused)}; wire them, or remove them"


def test_what_is_allowed_to_be_unused_is_unused() -> None:
    read = names_read()
    defined = {name for tree in trees(PACKAGES) for name in public(tree.body)}
    assert not [name for name in ALLOWED if read[name] or name not in defined]
