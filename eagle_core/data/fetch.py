"""Downloads one file over HTTP: resumed where it broke off, believed only when its checksum is right.

Knows nothing of datasets or of what is inside the file (see ``eagle_core.data.archive``).
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import shutil
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from eagle_core.errors import DataError

Progress = Callable[[int, int | None], None]
"""Called with (bytes there so far, bytes in all where the server says)."""

_CHUNK = 1 << 20
_RETRY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


class UnreachableError(DataError):
    """The server cannot be reached: this machine is offline, or the server is down."""


class _Interrupted(Exception):
    """The transfer broke off and may be resumed."""


class _NoConnection(_Interrupted):
    """No connection could be made."""


def download(
    url: str,
    destination: Path,
    sha256: str,
    progress: Progress | None = None,
    attempts: int = 5,
    pause: float = 1.0,
    timeout: float = 60.0,
) -> Path:
    """Fetch ``url`` to ``destination`` and return it.

    What has arrived lies in ``<destination>.part`` until it is complete and its checksum is right; a later call
    resumes there. A file that is already at ``destination`` with that checksum is not fetched again.

    Args:
        url: An http or https address.
        destination: Where the file shall be.
        sha256: Checksum it must have, 64 hexadecimal digits.
        progress: Told how far it is.
        attempts: How many times in a row the connection may break without one new byte.
        pause: Seconds before the second attempt; doubled for each further one.
        timeout: Seconds of silence after which a connection counts as broken.

    Raises:
        UnreachableError: No connection could be made.
        DataError: The server refuses, keeps breaking off, or its file is not the right one; the disk is too small.
    """
    _check_arguments(url, sha256)
    if destination.exists():
        if _sha256(destination) != sha256.lower():
            raise DataError(
                f"{destination}: is there, but is not what {url} should give (checksum); move it away"
            )
        return destination
    destination.parent.mkdir(parents=True, exist_ok=True)
    part = destination.with_name(destination.name + ".part")
    resumed = part.exists() and part.stat().st_size > 0
    _transfer_all(url, part, progress, attempts, pause, timeout)
    found = _sha256(part)
    if resumed and found != sha256.lower():
        # What lay there may have been of another version of the file: once more from the start.
        part.unlink()
        _transfer_all(url, part, progress, attempts, pause, timeout)
        found = _sha256(part)
    if found != sha256.lower():
        part.unlink()
        raise DataError(
            f"{url}: what came has sha256 {found}, not {sha256.lower()}; nothing was kept. "
            "The file has changed, or the connection is tampered with: compare the checksum with its publisher's"
        )
    part.replace(destination)
    return destination


def _transfer_all(
    url: str, part: Path, progress: Progress | None, attempts: int, pause: float, timeout: float
) -> None:
    """Transfer until complete; give up after ``attempts`` in a row that brought nothing.

    Where not even the first connection can be made, this machine is taken to be offline at once.
    """
    fruitless = 0
    was_connected = False
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            _transfer(url, part, progress, timeout)
            return
        except _Interrupted as error:
            came_further = part.exists() and part.stat().st_size > before
            was_connected = was_connected or came_further or not isinstance(error, _NoConnection)
            if not was_connected:
                host = urllib.parse.urlsplit(url).hostname
                raise UnreachableError(
                    f"{host} cannot be reached ({error}); this machine seems to be offline"
                ) from error
            fruitless = 0 if came_further else fruitless + 1
            if fruitless >= attempts:
                raise DataError(
                    f"{url}: {error}, again and again; run this later, it resumes from {part}"
                ) from error
        time.sleep(pause * 2 ** max(0, fruitless - 1))


def _transfer(url: str, part: Path, progress: Progress | None, timeout: float) -> None:
    """One request that continues ``part``.

    Raises:
        _Interrupted: The connection broke, or the server is busy.
        DataError: There is no point in asking again.
    """
    start = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            start, total = _where(response, start)
            _check_space(part, start, total)
            _write(response, part, start, total, progress)
    except urllib.error.HTTPError as error:
        if error.code == 416 and start:
            return  # nothing is left to send: whether what is there is the right file, the checksum tells
        if error.code in _RETRY_STATUS:
            raise _Interrupted(f"the server answers {error.code} {error.reason}") from error
        raise DataError(
            f"{url}: the server answers {error.code} {error.reason}; check the address"
        ) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise DataError(
                f"{url}: the server's certificate is not trusted ({error.reason}); check it"
            ) from error
        raise _NoConnection(f"no connection: {error.reason}") from error
    except (http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
        raise _Interrupted(f"the connection broke ({type(error).__name__}: {error})") from error
    except OSError as error:
        raise DataError(
            f"{part}: cannot be written ({error}); make room on the disk, or allow writing there"
        ) from error


def _where(response: http.client.HTTPResponse, start: int) -> tuple[int, int | None]:
    """(position of the body's first byte, length of the whole file where known)."""
    if response.status == 206:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != start:
            raise _Interrupted("the server sends another part than was asked for")
        return start, None if match[2] == "*" else int(match[2])
    length = response.headers.get("Content-Length")  # 200: the server ignores ranges and starts over
    return 0, int(length) if length is not None and length.isdigit() else None


def _write(
    response: http.client.HTTPResponse, part: Path, start: int, total: int | None, progress: Progress | None
) -> None:
    with part.open("r+b" if part.exists() else "wb") as file:
        file.truncate(start)
        file.seek(start)
        done = start
        while chunk := response.read(_CHUNK):
            file.write(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done, total)
        file.flush()
        os.fsync(file.fileno())
    if total is not None and done < total:
        raise _Interrupted(f"the connection broke after {done} of {total} bytes")


def _check_arguments(url: str, sha256: str) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DataError(f"{url}: not an address that can be fetched; it must begin with https:// or http://")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise DataError(f"{sha256!r} is no SHA-256 checksum; it has 64 hexadecimal digits")


def _check_space(part: Path, start: int, total: int | None) -> None:
    free = shutil.disk_usage(part.parent).free
    if total is not None and total - start > free:
        raise DataError(
            f"{part}: {total - start:,} bytes are still to come, but only {free:,} are free on this disk; make room"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
