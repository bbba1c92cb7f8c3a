"""Takes the pictures of the station's page that the README shows: Chromium on a running `eagle serve`, the demo's wood.

The station starts in an empty folder; its good images and parts are sent to it as a client would. Needs the demo's images
(`make demo`), the extra dev and Debian's chromium. Look at the pictures before you commit them.

    python docs/screenshots.py                                       # docs/station-now.png, docs/station-threshold.png
    python docs/screenshots.py --out /tmp/shots --width 820 --scheme dark
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

DOCS = Path(__file__).parent
GOOD, JUDGED = 40, 12
SETTLED = {"now": "#why", "threshold": "#stopped"}
"""Of each view that is photographed: what is there last."""
PATIENCE_MS = 120_000


def wait_for(question: Callable[[], bool]) -> None:
    """Until it is so, or somebody stops the script."""
    while True:
        try:
            if question():
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.2)


def fill(url: str, wood: Path) -> None:
    """A category fitted on good images, good parts judged, and a scratched one last."""
    path = f"{url}api/categories/wood"
    for image in sorted((wood / "train/good").iterdir())[:GOOD]:
        httpx2.post(f"{path}/images", content=image.read_bytes(), headers={"X-File-Name": image.name}, timeout=60).raise_for_status()
    job = httpx2.post(f"{path}/fits", json={}, timeout=60).raise_for_status().json()
    wait_for(lambda: httpx2.get(f"{url}api/jobs/{job['id']}").json()["state"] == "done")
    parts = [*sorted((wood / "test/good").iterdir())[:JUDGED], sorted((wood / "test/scratch").iterdir())[0]]
    for number, image in enumerate(parts, start=1):
        headers = {"X-File-Name": f"part-{number:04}.png"}
        httpx2.post(f"{path}/parts", content=image.read_bytes(), headers=headers, timeout=60).raise_for_status()


def photograph(page: Page, url: str, view: str, target: Path) -> None:
    """The whole view, once all its images are there."""
    page.goto(f"{url}#/{view}")
    expect(page.locator(f'nav a[href="#/{view}"]')).to_have_attribute("aria-current", "page")
    expect(page.locator("canvas").first).to_be_visible()
    expect(page.locator(SETTLED[view])).to_be_visible()
    page.wait_for_function("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    page.screenshot(path=target, full_page=True)
    Image.open(target).convert("RGB").quantize(256).save(target, optimize=True)


def main() -> None:
    """Take them."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--out", type=Path, default=DOCS)
    asked.add_argument("--width", type=int, default=1100)
    asked.add_argument("--scheme", choices=("light", "dark"), default="light")
    asked.add_argument("--demo", type=Path, default=DOCS.parent / "data/demo")
    given = asked.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        running = subprocess.Popen([sys.executable, "-m", "flows.cli.main", "serve", "--port", str(port)], cwd=folder)
        try:
            wait_for(lambda: httpx2.get(url + "healthz").is_success)
            fill(url, given.demo / "wood")
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": given.width, "height": 900}, locale="en-GB", color_scheme=given.scheme)
            page.set_default_timeout(PATIENCE_MS)
            expect.set_options(timeout=PATIENCE_MS)
            for view in SETTLED:
                photograph(page, url, view, given.out / f"station-{view}.png")
            browser.close()
        finally:
            running.terminate()
            running.wait(60)


if __name__ == "__main__":
    main()
