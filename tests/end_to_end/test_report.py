"""The report of a real run in a real browser, from file://."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, sync_playwright

from tests.conftest import skip_or_fail


@pytest.fixture(scope="module")
def run_folder(finished) -> Path:  # type: ignore[no-untyped-def]
    [file] = (finished.root / "runs").glob("*/report.html")
    return file.parent


@pytest.fixture(scope="module")
def browser():  # type: ignore[no-untyped-def]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        skip_or_fail("there is no Chromium (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(params=[400, 1400], ids=lambda width: f"{width} px")
def page(browser, run_folder: Path, request) -> Iterator[Page]:  # type: ignore[no-untyped-def]
    """The report, with every request that is not its own file refused and noted."""
    opened = browser.new_page(viewport={"width": request.param, "height": 900})
    own = (run_folder / "report.html").resolve().as_uri()
    faults: list[str] = []
    opened.route("**/*", lambda route: route.continue_() if route.request.url == own else (faults.append(route.request.url), route.abort()))
    opened.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(own)
    yield opened
    assert not faults
    opened.close()


def shown(page: Page) -> list[str]:
    """Image ids of the cards that are visible."""
    return page.locator(".card:visible .id").all_inner_texts()


def test_images_load_plots_are_drawn_and_nothing_sticks_out(page: Page) -> None:
    for image in page.locator("img").all():
        image.scroll_into_view_if_needed()
    loaded = page.eval_on_selector_all("img", "all => all.map(i => i.complete && i.naturalWidth > 0)")
    assert loaded and all(loaded)
    assert page.locator(".plot svg.main-svg").count() >= 3
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_filters_show_what_the_records_say(page: Page, run_folder: Path) -> None:
    records = pd.read_parquet(run_folder / "records.parquet")
    everything = set(shown(page))
    assert everything <= set(records["image_id"]) and len(everything) == len(shown(page))
    mine = records[(records["method"] == "mllm") & records["image_id"].isin(everything)]
    page.select_option("#filter-who", "embedded/mllm")
    page.select_option("#filter-outcome", "missed")
    missed = mine[mine["is_defective"] & ~mine["verdict_defective"].astype(bool)]
    assert set(shown(page)) == set(missed["image_id"]) and len(missed)
    assert page.inner_text("#shown") == f"{len(missed)} of {len(everything)} images"
    page.select_option("#filter-outcome", "right")
    right = mine[mine["is_defective"].astype(bool) == mine["verdict_defective"].astype(bool)]
    assert set(shown(page)) == set(right["image_id"])
    category = sorted(set(records["category"]))[0]
    page.select_option("#filter-category", f"small/{category}")
    assert set(shown(page)) == set(right[right["category"] == category]["image_id"])
    page.select_option("#filter-outcome", "")
    page.select_option("#filter-category", "")
    page.check("#filter-gate")
    opened = records[records["gate_open"].fillna(False).astype(bool) & records["image_id"].isin(everything)]
    assert set(shown(page)) == set(opened["image_id"])


def test_tables_and_provenance_are_the_runs(page: Page, run_folder: Path) -> None:
    described = json.loads((run_folder / "summary.json").read_text())
    text = page.inner_text("body")
    assert described["provenance"]["run_id"] in text and described["provenance"]["data_hashes"]["small"] in text
    summary = pd.DataFrame(described["summary"])
    [macro] = summary[(summary["method"] == "eagle") & (summary["metric"] == "balanced_accuracy_macro")].to_dict("records")
    assert f"{macro['value']:.3f} [{macro['low']:.3f}, {macro['high']:.3f}]" in text
    assert "stand-in" in text


def test_the_command_writes_the_same_page_again(finished, run_folder: Path) -> None:  # type: ignore[no-untyped-def]
    before = (run_folder / "report.html").read_bytes()
    done = finished.eagle("report")
    assert str(run_folder / "report.html") in done.stdout.replace("\n", "")
    assert (run_folder / "report.html").read_bytes() == before
    refused = finished.eagle("report", "nothing", check=False)
    assert refused.returncode != 0 and "neither a run in" in refused.stderr + refused.stdout


def test_the_conclusion_stands_first_and_the_slider_recounts(page: Page, run_folder: Path) -> None:
    records = pd.read_parquet(run_folder / "records.parquet")
    expert = records[records["method"] == "expert"]
    bad = expert["is_defective"].astype(bool)
    found = int(expert[bad]["verdict_defective"].astype(bool).sum())
    opening = page.locator(".opening").all_inner_texts()
    assert len(opening) == 3
    assert f"The expert found {found} of {int(bad.sum())} defective images" in opening[0]
    slider = page.locator(".slider").first
    category = slider.locator("label").inner_text().split(" ")[0]
    mine = expert[expert["category"] == category]
    missed = mine[mine["is_defective"].astype(bool) & ~mine["verdict_defective"].astype(bool)]
    assert slider.locator(".missed").inner_text().startswith(f"{len(missed)} of ")
    top = float(slider.locator("input").get_attribute("max") or 0)
    slider.locator("input").fill(str(top))
    defective = mine[mine["is_defective"].astype(bool)]
    assert slider.locator(".missed").inner_text() == f"{len(defective)} of {len(defective)} defective images missed"
    assert slider.locator(".alarms").inner_text().startswith("0 of ")
    slider.locator(".missed").click()
    named = slider.locator(".named a").first
    image = named.inner_text().split(" (score")[0]
    assert image in set(defective["image_id"])
    named.click()
    assert page.locator(".card:target .id").inner_text() == image


def test_two_runs_are_compared(finished, browser, run_folder: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    elsewhere = (f"run.output_dir={tmp_path}", f"tracking.tracking_uri=sqlite:///{tmp_path}/mlflow.db")  # the project stays as it was
    settings = ("threshold.kappa=0.1", "methods=[expert]", *elsewhere)
    finished.eagle("run", "--allow-partial", *(word for setting in settings for word in ("--set", setting)))
    [second] = [file.parent for file in tmp_path.glob("*/summary.json")]
    done = finished.eagle("report", str(run_folder), str(second))
    assert "threshold.kappa" in done.stdout
    before, after = (pd.read_parquet(folder / "records.parquet").query("method == 'expert'") for folder in (run_folder, second))
    both = before.merge(after, on="image_id", suffixes=("", "_after"))
    flipped = both[both["verdict_defective"].astype(bool) != both["verdict_defective_after"].astype(bool)]
    assert len(flipped)
    assert f"Of {len(both)} verdicts that both runs have, {len(flipped)} differ" in done.stdout
    opened = browser.new_page()
    opened.goto((second / f"compared-with-{run_folder.name}.html").resolve().as_uri())
    assert set(opened.locator("#flipped tbody tr td:nth-child(2)").all_inner_texts()) == set(flipped["image_id"])
    opened.locator("#flipped tbody a").first.click()
    assert opened.url.startswith((run_folder / "report.html").resolve().as_uri() + "#image-")
    opened.close()
