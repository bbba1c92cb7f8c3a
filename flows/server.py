"""Prefect's own server for one command, as a child process that starts while this process still imports.

Where ``PREFECT_API_URL`` names a server, that one is used and none is started. Prefect would start one by itself at the
first call, after the imports and only after importing the whole server here too: a wait of many seconds that this saves.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from eagle_core.errors import ConfigurationError

START_SECONDS = 180
"""A busy machine makes the server's database at the very first start."""
STOP_SECONDS = 5
HOST = "127.0.0.1"


class TemporaryServer:
    """Starts when it is made, is usable inside ``ready()``, and ends with this process."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the server
        if os.environ.get("PREFECT_API_URL"):
            return
        # Started before it is asked whether a profile names another: to ask takes a second of imports.
        self.url = self._start()
        if configured_url():
            self.stop()
            self._process = None

    def stop(self) -> None:
        """Prefect sends its last logs and events when the interpreter ends: this comes after that."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Wait until the server answers; inside, flows of this process use it.

        Raises:
            ConfigurationError: It ended or did not answer; its last words are in the message.
        """
        if self._process is None:
            yield
            return
        self._wait()
        from prefect.settings import PREFECT_API_URL, temporary_settings

        os.environ["PREFECT_API_URL"] = self.url
        try:
            with temporary_settings({PREFECT_API_URL: self.url}):
                yield
        finally:
            del os.environ["PREFECT_API_URL"]

    def _start(self) -> str:
        port = _free_port()
        command = [sys.executable, "-m", "flows.server_process", "--host", HOST, "--port", str(port)]
        environment = os.environ | {"PREFECT_SERVER_UI_ENABLED": "false", "PREFECT_SERVER_LOGGING_LEVEL": "ERROR"}
        # Found as this package was, whether it is installed or not.
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._log, start_new_session=True
        )
        atexit.register(self.stop)
        return f"http://{HOST}:{port}/api"

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self._process is not None and self._process.poll() is None and time.monotonic() < deadline:
            try:
                with urlopen(f"{self.url}/health", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (URLError, OSError):
                time.sleep(0.05)
        self._log.seek(0)
        words = self._log.read().decode(errors="replace").strip().splitlines()
        raise ConfigurationError(
            f"Prefect's temporary server did not start ({words[-1] if words else 'it said nothing'}); "
            "set PREFECT_API_URL to a running server (`make prefect` starts one)"
        )


def configured_url() -> str | None:
    """The server that environment or Prefect profile names."""
    from prefect.settings import PREFECT_API_URL

    url: str | None = PREFECT_API_URL.value()
    return url


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
