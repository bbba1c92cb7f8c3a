"""From the end of `pip install` to the first verdict: on the station's page, and with `eagle init`, `run` and `inspect`.

The wheel is built from this checkout's last commit and installed into a new virtual environment, which is timed apart: it
depends on the network. From there on everything is that environment's; only Chromium and its driver come from here (extra dev,
Debian's chromium). The images are the user's: the first 20 good ones of a folder, one more to be judged. Nothing is warmed up.

    python benchmarks/five_minutes.py --good FOLDER --judged IMAGE
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parent.parent
GOOD = 20
PATIENCE_MS = 600_000


@contextmanager
def timed(step: str, found: dict[str, float]) -> Iterator[None]:
    """Note and print the wall seconds of a step."""
    began = time.perf_counter()
    yield
    found[step] = round(time.perf_counter() - began, 1)
    print(f"{step:52} {found[step]:7.1f}", flush=True)


def installed(scratch: Path, found: dict[str, float]) -> Path:
    """The `eagle` of a new environment that holds the wheel of the last commit."""
    source, wheels, environment = scratch / "source", scratch / "wheels", scratch / "venv"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(source)], check=True)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), str(source)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    [wheel] = wheels.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    with timed("pip install (apart)", found):
        command = [str(environment / "bin/pip"), "install", "-q", "-c", str(ROOT / "constraints.txt"), f"{wheel}[serve]"]
        subprocess.run(command, check=True)
    return environment / "bin/eagle"


def by_page(eagle: Path, folder: Path, good: list[Path], judged: Path, found: dict[str, float]) -> str:
    """A station in an empty folder, its first category made on the page, one part judged there; the word that is shown."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(locale="en-US")
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        began = time.perf_counter()
        with timed("page: eagle serve, until the page is there", found):
            running = subprocess.Popen([str(eagle), "serve", "--port", str(port)], cwd=folder, env=clean())
            while True:
                assert running.poll() is None
                with socket.socket() as asked:
                    if asked.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            page.goto(address)
            expect(page.locator("#new-name")).to_be_visible()
        with timed(f"page: {len(good)} images dropped and checked", found):
            page.locator("#new-name").fill("part")
            page.locator('input[type="file"]').set_input_files([str(path) for path in good])
            expect(page.locator("#findings")).to_be_visible()
        with timed("page: fit", found):
            page.locator("#fit").click()
            expect(page.locator("#ready")).to_be_visible()
        with timed("page: one part, until its verdict is shown", found):
            page.get_by_role("button", name="Judge the first part").click()
            page.locator('input[type="file"]').set_input_files(str(judged))
            expect(page.locator(".verdict")).to_be_visible()
            word = page.locator(".verdict").inner_text()
        found["page: all"] = round(time.perf_counter() - began, 1)
        browser.close()
    running.terminate()
    running.wait(60)
    return word


def by_command(eagle: Path, folder: Path, photographs: Path, judged: Path, found: dict[str, float]) -> str:
    """`eagle init`, `eagle run` and `eagle inspect` as the README has them; the word of the verdict."""
    project = folder / "line"
    steps = {
        "command: eagle init": (folder, "init", "line", "--images", str(photographs)),
        "command: eagle run": (project, "run"),
        "command: eagle inspect": (project, "inspect", str(judged)),
    }
    for step, (where, *words) in steps.items():
        with timed(step, found):
            done = subprocess.run([str(eagle), *words], cwd=where, env=clean(), capture_output=True, text=True, check=False)
        # 3: with good parts only, a run has nothing to judge yet, and says so.
        assert done.returncode in (0, 3), done.stdout + done.stderr
    found["command: all"] = round(sum(found[step] for step in steps), 1)
    [said] = (project / "runs/inspect").glob("*.json")
    return str(json.loads(said.read_text())["verdict"])


def clean() -> dict[str, str]:
    """This process's environment without what would lead to this checkout."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV", "PREFECT_API_URL")}


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--good", type=Path, required=True, help="folder of photographs of good parts")
    asked.add_argument("--judged", type=Path, required=True, help="a photograph to be judged")
    asked.add_argument("--eagle", type=Path, help="an installed `eagle`, in place of a new environment")
    given = asked.parse_args()
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        photographs, station = scratch / "photographs", scratch / "station"
        station.mkdir()
        photographs.mkdir()
        for path in sorted(given.good.iterdir())[:GOOD]:
            shutil.copyfile(path, photographs / path.name)
        good, judged = sorted(photographs.iterdir()), given.judged.resolve()
        eagle = given.eagle.absolute() if given.eagle else installed(scratch, found)
        words = by_page(eagle, station, good, judged, found), by_command(eagle, scratch, photographs, judged, found)
    print(json.dumps({"seconds": found, "verdicts": words, "load": [round(each, 1) for each in os.getloadavg()]}))


if __name__ == "__main__":
    main()
