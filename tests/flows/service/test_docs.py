"""The API's description under /docs: complete, and nothing from elsewhere."""

from __future__ import annotations

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
import uvicorn
from fastapi.testclient import TestClient
from playwright.sync_api import expect, sync_playwright

from flows.service.app import make_app
from flows.service.security import Access
from tasks.machinery.params import load_params
from tests.conftest import skip_or_fail
from tests.flows.service.conftest import write_project
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project without images."""
    return write_project(tmp_path_factory.mktemp("empty"), {})


def test_everything_that_the_page_names_is_served_here(empty: Path) -> None:
    with TestClient(make_app(load_params(empty), Access()), base_url="http://localhost") as client:
        page = client.get("/docs")
        assert page.url.path == "/docs/"
        named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert named
        assert not [each for each in named if ":" in each]
        assert all(client.get(urljoin("/docs/", each)).status_code == 200 for each in named)
        described = client.get("/openapi.json").json()
        assert {"/api/categories/{category}/parts", "/api/categories/{category}/batches", "/api/alerts"} <= set(described["paths"])
        assert described["components"]["schemas"]["PartOut"]["examples"]


@pytest.fixture(scope="module")
def address(empty: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(make_app(load_params(empty), Access()), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(30)


@pytest.mark.slow
def test_a_browser_shows_it_and_asks_nobody_else(address: str) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        skip_or_fail("there is no Chromium (Debian: apt install chromium)")
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: None if request.url.startswith((address, "data:", "blob:")) else faults.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address + "docs")
        expect(page.locator(".opblock").first).to_be_visible(timeout=60_000)
        assert page.get_by_text("/api/categories/{category}/parts").first.is_visible()
        browser.close()
    assert not faults
