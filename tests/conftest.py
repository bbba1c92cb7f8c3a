"""Shared fixtures. What a machine lacks is skipped with its reason, or is a failure where CI demands all."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pytest


def skip_or_fail(reason: str) -> NoReturn:
    """Skip with ``reason``; fail instead where EAGLE_REQUIRE_ALL=1 says that nothing may be missing."""
    if os.environ.get("EAGLE_REQUIRE_ALL") == "1":
        pytest.fail(f"EAGLE_REQUIRE_ALL=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with screw/, cookie/ and mmad/; beside it weights/."""
    folder = os.environ.get("EAGLE_REAL_DATA")
    if not folder or not Path(folder).is_dir():
        skip_or_fail("EAGLE_REAL_DATA does not name a folder with real images")
    return Path(folder)


@pytest.fixture(scope="session")
def published_processor() -> Callable[[str], Any]:
    """Load a published processor by its folder's name in EAGLE_PROCESSORS (the names: tests/tiny/published.py)."""
    folder = os.environ.get("EAGLE_PROCESSORS")
    if not folder or not Path(folder).is_dir():
        skip_or_fail("EAGLE_PROCESSORS does not name a folder with published processors")

    @cache
    def load(name: str) -> Any:
        from transformers import AutoProcessor

        return AutoProcessor.from_pretrained(Path(folder, name), local_files_only=True)

    return load


PROJECT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def demo_root() -> Path:
    """The demo data, generated and verified once."""
    from tasks.machinery.dataset import ensure_demo

    root = PROJECT / "data" / "demo"
    ensure_demo(root, PROJECT)
    return root
