"""Commands that are called within this process."""

from __future__ import annotations

from importlib import import_module

import pytest


@pytest.fixture(autouse=True, scope="session")
def dvc_logs_to_the_tests() -> None:
    """DVC's log keeps the stream that it finds when it is imported: not the one that a command runner closes again."""
    import_module("dvc.repo")
