"""Server, work pools, their workers and deployments on this machine: ``python -m flows.serve`` (``make prefect``)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import flows

API = "http://127.0.0.1:4200/api"
POOLS = ("eagle", "eagle-experts", "eagle-ask")
SERVER_START_SECONDS = 120


def main() -> None:
    """Run until interrupted; the processes started here end with it."""
    prefect = [sys.executable, "-m", "prefect"]
    environment = os.environ | {"PREFECT_API_URL": API}
    project = Path(flows.__file__).parent.parent
    server = subprocess.Popen([*prefect, "server", "start"], env=environment, cwd=project)
    workers: list[subprocess.Popen[bytes]] = []
    try:
        wait_for_server(server)
        for pool in POOLS:
            create = [*prefect, "work-pool", "create", pool, "--type", "process", "--overwrite"]
            subprocess.run(create, env=environment, cwd=project, check=True)
        subprocess.run([*prefect, "--no-prompt", "deploy", "--all"], env=environment, cwd=project, check=True)
        for pool in POOLS:
            workers.append(subprocess.Popen([*prefect, "worker", "start", "--pool", pool], env=environment, cwd=project))
        workers[0].wait()
    except KeyboardInterrupt:
        sys.stderr.write("stopping\n")
    finally:
        for process in (*workers, server):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(30)


def wait_for_server(server: subprocess.Popen[bytes]) -> None:
    """Return when the API answers.

    Raises:
        SystemExit: The server ended or did not answer in time.
    """
    deadline = time.monotonic() + SERVER_START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(f"{API}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.5)
    raise SystemExit("the Prefect server did not start; is port 4200 taken?")


if __name__ == "__main__":
    main()
