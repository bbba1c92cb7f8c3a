"""Hashes of files are remembered across processes by path, size and time of change, and by nothing less."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tasks.machinery.hashes import remembered_sha256

CODE = "import sys; from pathlib import Path; from tasks.machinery.hashes import remembered_sha256; print(remembered_sha256(Path(sys.argv[1]))(Path(sys.argv[2])))"
PROJECT = Path(__file__).parents[3]


def elsewhere(cache: Path, file: Path) -> str:
    """The hash as another process finds it."""
    done = subprocess.run([sys.executable, "-c", CODE, str(cache), str(file)], cwd=PROJECT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_file_is_read_once_for_all_processes(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = remembered_sha256(tmp_path / "cache")(file)
    assert first == hashlib.sha256(b"one").hexdigest()
    # Other bytes behind the same size and time: who reads the file again would notice.
    facts = file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert elsewhere(tmp_path / "cache", file) == first
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))
    assert elsewhere(tmp_path / "cache", file) == hashlib.sha256(b"two").hexdigest()


def test_another_path_or_size_is_another_file(tmp_path: Path) -> None:
    digest = remembered_sha256(tmp_path / "cache")
    for name, content in (("a", b"x"), ("b", b"y"), ("a", b"xx")):
        (tmp_path / name).write_bytes(content)
        assert digest(tmp_path / name) == hashlib.sha256(content).hexdigest()
