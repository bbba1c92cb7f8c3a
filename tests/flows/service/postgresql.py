"""A real PostgreSQL server of the system's own programs, in a folder of its own, which a test may stop and start."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.conftest import skip_or_fail
from tests.waiting import wait_for

PASSWORD = "planted-database-password-1b2c"
DEBIAN = "postgresql/*/bin"


def programs() -> Path:
    """The folder of ``initdb`` and ``postgres``; Debian keeps it off PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib").glob(DEBIAN), reverse=True)
    complete = [folder for folder in folders if (folder / "initdb").is_file() and (folder / "postgres").is_file()]
    if not complete:
        skip_or_fail("there is no PostgreSQL (Debian: apt install postgresql)")
    return complete[0]


def somebody() -> dict[str, Any]:
    """Arguments of ``subprocess`` for a user whom PostgreSQL takes: it refuses root."""
    if os.geteuid() != 0:
        return {}
    names = {each.pw_name for each in pwd.getpwall()}
    name = "postgres" if "postgres" in names else "nobody"
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


class Server:
    """One cluster of databases."""

    def __init__(self, folder: Path) -> None:
        self._programs, self._folder, self._user = programs(), folder, somebody()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if "user" in self._user:
            account = pwd.getpwnam(self._user["user"])
            for path in (folder, secret):
                os.chown(path, account.pw_uid, account.pw_gid)
        self._run("initdb", "-D", "data", "-U", "eagle", "-A", "scram-sha-256", "--pwfile=password", "-E", "UTF8", "--no-locale")
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Until it answers."""
        with (self._folder / "log").open("ab") as log:
            options = ["-D", "data", "-p", str(self._port), "-k", str(self._folder), "-c", "listen_addresses=127.0.0.1"]
            command = [self._programs / "postgres", *options]
            self._running = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log, **self._user)
        wait_for(self._answers)

    def stop(self) -> None:
        """At once, with connections open: what a restart of the machine's service does."""
        assert self._running is not None
        self._running.send_signal(signal.SIGINT)
        self._running.wait(60)

    def database(self, name: str) -> str:
        """Make an empty one; its address for params.yaml."""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'create database "{name}"')
        return self._address(name).replace("postgresql://", "postgresql+psycopg://")

    def rows(self, name: str, question: str) -> list[tuple[Any, ...]]:
        """What the database itself answers."""
        with psycopg.connect(self._address(name)) as connection:
            return connection.execute(question).fetchall()  # type: ignore[arg-type]

    def _address(self, name: str) -> str:
        return f"postgresql://eagle:{PASSWORD}@127.0.0.1:{self._port}/{name}"

    def _answers(self) -> bool:
        assert self._running is not None
        assert self._running.poll() is None, (self._folder / "log").read_text()
        try:
            psycopg.connect(self._address("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, *arguments]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, **self._user)
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def running() -> Iterator[Server]:
    """Started; everything is gone afterwards. Not below pytest's folders: those are closed to other users."""
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        server = Server(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
