"""One Prefect server for all flows of a test worker: starting a temporary one takes longer than a small run."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

PATIENCE_S = 300
QUIET = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@cache
def api_url() -> str:
    """The server's address; it is started when it is first needed and ends with this process."""
    home = Path(tempfile.mkdtemp(prefix="prefect-"))
    port = free_port()
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)],
            cwd=home, env=os.environ | QUIET | {"PREFECT_HOME": str(home)}, stdout=log, stderr=log,
        )  # fmt: skip
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    atexit.register(_end, process)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5):
                return f"http://127.0.0.1:{port}/api"
        except (URLError, OSError):
            assert process.poll() is None and time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.5)


@contextmanager
def used() -> Iterator[None]:
    """Flows of this process are run on it."""
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

    with tempfile.TemporaryDirectory(prefix="prefect-") as home, temporary_settings({PREFECT_API_URL: api_url(), PREFECT_HOME: home}):
        yield


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
