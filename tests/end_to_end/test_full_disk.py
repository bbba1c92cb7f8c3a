"""A run on a disk that fills up, at three of its places: one line each time, no traceback, and it goes on where it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.prefect_server import api_url
from tests.tiny.dataset import write_project

PROJECT = Path(__file__).parents[2]
SIZES = ("1m", "5m", "12m", "600m")
SCRIPT = """
import os, shutil, subprocess, sys
from pathlib import Path
from tests import forks

disk, source, told, *sizes = sys.argv[1:]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
shutil.copytree(source, disk, dirs_exist_ok=True)
for size in sizes:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)
    done = forks.start(("run",), Path(disk), os.environ).ended()
    for name, text in (("out", done.stdout), ("err", done.stderr), ("code", str(done.returncode))):
        Path(told, f"{size}.{name}").write_text(text)
"""
"""The forking process is started where the disk is mounted: nobody else sees it."""


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.timeout(1800)
def test_a_run_on_a_disk_that_fills_up(tmp_path: Path) -> None:
    source, disk, told = tmp_path / "source", tmp_path / "disk", tmp_path / "told"
    for folder in (source, disk, told):
        folder.mkdir()
    write_project(source)
    environment = os.environ | {
        "PREFECT_API_URL": api_url(), "PYTHONPATH": str(PROJECT), "PREFECT_HOME": str(tmp_path / ".prefect"), "COLUMNS": "200", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    if shutil.which("unshare") is None:
        pytest.skip("a disk of one's own needs unshare")
    apart = ["unshare", "--user", "--map-root-user", "--mount"]
    command = [*apart, sys.executable, "-c", SCRIPT, str(disk), str(source), str(told), *SIZES]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1500)
    if done.returncode:  # also under EAGLE_REQUIRE_ALL: whether a mount is allowed is the kernel's, nothing that can be installed
        pytest.skip(f"a disk of one's own cannot be mounted here: {done.stderr}")
    for size in SIZES[:-1]:
        err = (told / f"{size}.err").read_text()
        assert (told / f"{size}.code").read_text().strip() == "2", err
        assert "Traceback" not in err
        last = err.rstrip().splitlines()[-1]
        assert last.startswith("error:") and "the disk is full" in last and "give the command again" in last
    out = (told / f"{SIZES[-1]}.out").read_text()
    assert (told / f"{SIZES[-1]}.code").read_text().strip() == "0", out
    assert "stages: 0 computed" in out, "what was computed before is kept"
