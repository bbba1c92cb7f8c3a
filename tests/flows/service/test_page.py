"""The page in a real browser over a real server: all seven parts, at three widths, each step confirmed through the API."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

from tasks.machinery.params import load_params
from tests.conftest import skip_or_fail
from tests.flows.service.conftest import GOOD, plate, serving, write_project

pytestmark = [pytest.mark.slow, pytest.mark.server]

WIDTHS = {1400: 900, 820: 1180, 400: 800}
PATIENCE_MS = 120_000


@dataclass(frozen=True)
class Server:
    """A running ``eagle serve`` and its project."""

    root: Path
    url: str

    def get(self, path: str) -> Any:
        return httpx2.get(self.url + path).raise_for_status().json()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        skip_or_fail("there is no Chromium (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module", params=list(WIDTHS), ids=lambda width: f"{width} px")
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def server(width: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A station of its own for each width: the walk changes it."""
    root = tmp_path_factory.mktemp(f"line{width}")
    write_project(root, {"plate": GOOD}, ask={"mllm": "embedded"})
    (root / "runs/0xabc").mkdir(parents=True)
    (root / "runs/0xabc/report.html").write_text("<!doctype html><title>run</title><h1>A run</h1>")
    with serving(root) as (url, _):
        yield Server(root, url)


@pytest.fixture(scope="module")
def page(browser: Any, server: Server, width: int) -> Iterator[Page]:
    """One browser page for the whole walk; what it complains about fails the test."""
    opened = browser.new_page(viewport={"width": width, "height": WIDTHS[width]}, locale="en-US")
    opened.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    faults: list[str] = []
    opened.on("request", lambda request: None if request.url.startswith((server.url, "blob:", "data:")) else faults.append(request.url))
    opened.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(server.url)
    expect(opened.locator("#category")).to_have_value("plate")
    yield opened
    opened.close()
    assert not faults


def go(page: Page, view: str) -> None:
    page.evaluate("view => { location.hash = `#/${view}`; }", view)
    expect(page.locator(f'nav a[href="#/{view}"]')).to_have_attribute("aria-current", "page")


def judged(page: Page, name: str, content: bytes, verdict: str) -> None:
    page.locator('input[type="file"]').set_input_files({"name": name, "mimeType": "image/png", "buffer": content})
    expect(page.locator(".faint").filter(has_text=name).first).to_be_visible()
    expect(page.locator(".verdict")).to_have_attribute("data-verdict", verdict)


def photographed(page: Page, width: int, name: str) -> None:
    """No serious fault of accessibility, nothing sticks out; a screenshot where somebody asked for them."""
    found = Axe().run(page).response["violations"]
    serious = [v["id"] + ": " + v["nodes"][0]["html"] for v in found if v["impact"] in ("serious", "critical")]
    assert not serious
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    folder = os.environ.get("EAGLE_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def test_1_now_shows_a_verdict_with_map_boxes_and_reason(page: Page, server: Server, width: int) -> None:
    go(page, "now")
    judged(page, "fine.png", plate(1), "ok")
    judged(page, "blot.png", plate(1000, blot=True), "not_ok")
    expect(page.locator(".verdict")).to_have_text("NOT OK")
    expect(page.locator("#why")).to_contain_text(f"{GOOD} of {GOOD} good parts scored lower")
    assert page.locator(".layers rect").count() >= 1
    expect(page.locator(".opinion")).to_contain_text("embedded says: ")
    expect(page.locator(".opinion")).to_contain_text("its word does not count")
    page.wait_for_function("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    page.locator("#opacity").fill("20")
    assert page.locator(".heat").evaluate("image => image.style.opacity") == "0.2"
    page.locator("#zoom").fill("300")
    assert page.locator(".layers").first.evaluate("layers => layers.style.width") == "300%"
    page.locator("#zoom").fill("100")
    page.locator("#opacity").fill("60")
    photographed(page, width, "now")
    newest = server.get("api/parts")[0]
    assert (newest["file_name"], newest["verdict"]) == ("blot.png", "not_ok")


def test_2_a_reviewer_overrules_by_key(page: Page, server: Server, width: int) -> None:
    go(page, "review")
    expect(page.locator(".verdict")).to_have_text("NOT OK")
    photographed(page, width, "review")
    page.locator("#reviewer").fill("Ada")
    page.locator("#reason").fill("only a shadow")
    page.locator("main h2").click()
    page.keyboard.press("o")
    expect(page.locator("#empty")).to_be_visible()
    said = server.get("api/parts")[0]["review"]
    assert (said["decision"], said["reason"], said["reviewer"]) == ("good", "only a shadow", "Ada")


def test_3_the_threshold_follows_the_slider_and_is_taken_back(page: Page, server: Server, width: int) -> None:
    go(page, "threshold")
    before = server.get("api/categories/plate")
    expect(page.locator("#stopped")).to_contain_text(f"of {GOOD}")
    page.locator("#tau").fill("0")
    expect(page.locator("#stopped")).to_contain_text(f"{GOOD} of {GOOD}")
    top = float(page.locator("#tau").get_attribute("max") or 0)
    page.locator("#tau").fill(str(top))
    expect(page.locator("#stopped")).to_contain_text(f"0 of {GOOD}")
    page.locator("#name").fill("night shift")
    page.get_by_role("button", name="Keep and judge with it").click()
    expect(page.locator("[role=status]")).to_contain_text("judges from now on")
    assert server.get("api/categories/plate")["tau"] > before["tau"]
    photographed(page, width, "threshold")
    page.locator(f'[data-switch="{before["threshold_version"]}"]').click()
    expect(page.locator("[role=status]")).to_contain_text(f"Version {before['threshold_version']} judges")
    assert server.get("api/categories/plate")["tau"] == before["tau"]


def test_4_a_false_alarm_is_learnt_switched_on_and_taken_back(page: Page, server: Server, width: int) -> None:
    go(page, "learn")
    before = server.get("api/categories/plate")
    page.locator("#learn").click()
    expect(page.locator("#offer")).to_be_visible()
    expect(page.locator("#offer")).to_contain_text(str(GOOD + 1))
    photographed(page, width, "learn")
    page.locator("#switch").click()
    expect(page.locator("[role=status]")).to_contain_text("The new expert judges")
    assert server.get("api/categories/plate")["expert_version"] > before["expert_version"]
    page.locator("#back").click()
    expect(page.locator("[role=status]")).to_contain_text("The former expert judges again")
    assert server.get("api/categories/plate")["threshold_version"] == before["threshold_version"]


def test_5_a_new_category_runs_after_twenty_images(page: Page, server: Server, width: int) -> None:
    go(page, "new")
    page.locator("#new-name").fill("lid")
    files = [{"name": f"{seed}.png", "mimeType": "image/png", "buffer": plate(seed)} for seed in (*range(500, 519), 500)]
    page.locator('input[type="file"]').set_input_files(files)
    expect(page.locator("#taken")).to_contain_text("Images taken: 19")
    expect(page.locator("main")).to_contain_text("500.png: was there already")
    expect(page.locator("main")).to_contain_text("no false-alarm rate below 5 %")
    photographed(page, width, "new")
    page.locator("#fit").click()
    expect(page.locator("#ready")).to_contain_text("lid is ready")
    page.get_by_role("button", name="Judge the first part").click()
    expect(page.locator("#category")).to_have_value("lid")
    judged(page, "first.png", plate(1002, blot=True), "not_ok")
    assert server.get("api/parts")[0]["category"] == "lid"


def test_in_an_empty_folder_a_station_begins_with_its_first_category(browser: Any, tmp_path: Path) -> None:
    """From nothing to a verdict, all on the page; the folder is a project then."""
    with serving(tmp_path, fitted=False) as (url, _):
        page = browser.new_page(locale="en-US")
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.goto(url)
        page.locator("#new-name").fill("lid")
        files = [{"name": f"{seed}.png", "mimeType": "image/png", "buffer": plate(seed)} for seed in range(20)]
        page.locator('input[type="file"]').set_input_files(files)
        expect(page.locator("#taken")).to_contain_text("20")
        page.locator("#fit").click()
        expect(page.locator("#ready")).to_contain_text("lid is ready")
        page.get_by_role("button", name="Judge the first part").click()
        judged(page, "first.png", plate(1002, blot=True), "not_ok")
        page.close()
        assert Server(tmp_path, url).get("api/parts")[0]["verdict"] == "not_ok"
    config = load_params(tmp_path / "params.yaml")
    assert (config.threshold.method, len(list((tmp_path / "data/line/lid/train/good").iterdir()))) == ("conformal", 20)


def test_6_today_counts_what_was_judged(page: Page, server: Server, width: int) -> None:
    go(page, "today")
    expect(page.locator("#parts")).to_have_text(str(server.get("api/today")["parts"]))
    with page.expect_download() as download:
        page.locator("#csv").click()
    assert download.value.path().read_text().startswith("hour_utc,category")
    page.locator("#shift").select_option("0")
    expect(page.locator("main h2")).to_contain_text("Shift from")
    expect(page.locator("#stopped-parts")).to_contain_text("blot.png")
    with page.expect_download() as download:
        page.locator("#parts-csv").click()
    assert len(download.value.path().read_text().splitlines()) == 1 + server.get("api/today")["parts"]
    page.emulate_media(media="print")
    expect(page.locator("header")).to_be_hidden()
    expect(page.locator("#stopped-parts")).to_be_visible()
    page.emulate_media(media="screen")
    photographed(page, width, "today")


def test_7_reports_of_runs_are_reached(page: Page, server: Server, width: int) -> None:
    go(page, "reports")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open run 0xabc").click()
    expect(opened.value.locator("h1")).to_have_text("A run")
    photographed(page, width, "reports")


def test_8_the_page_speaks_german(page: Page) -> None:
    go(page, "now")
    page.locator("header select").nth(1).select_option("de")
    expect(page.locator("nav")).to_contain_text("Schwelle")
    expect(page.locator(".verdict")).to_have_text("NICHT IN ORDNUNG")
    page.locator("header select").nth(1).select_option("en")


def test_9_the_keyboard_is_enough(page: Page, server: Server) -> None:
    """From the keys 1 to 7 to a decision, without the mouse."""
    page.locator("main").focus()
    for number, view in enumerate(("now", "review", "threshold", "learn", "new", "today", "reports"), start=1):
        page.keyboard.press(str(number))
        expect(page.locator(f'nav a[href="#/{view}"]')).to_have_attribute("aria-current", "page")
        page.locator("main").focus()
    page.keyboard.press("1")
    expect(page.locator(".verdict")).to_be_visible()
    expect(page.locator("[data-decision=defective]")).to_be_visible()
    page.keyboard.press("c")
    expect(page.locator("#said")).to_contain_text("defective")
    assert server.get("api/parts")[0]["review"]["decision"] == "defective"
    page.locator("nav a").first.focus()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.decision") == "unsure":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("unsure")
