"""What is freed stays: a process that makes the same arrays again and again gets no new pages for them."""

from __future__ import annotations

import platform
import subprocess
import sys

from tests.conftest import skip_or_fail

FAULTS = """
import resource, sys
import numpy as np
from eagle_core.freed_memory import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory()

def work():
    for _ in range(20):
        arrays = [np.ones((224, 224, 3)) for _ in range(100)]
        del arrays

work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_the_system_is_asked_for_pages_once() -> None:
    if platform.libc_ver()[0] != "glibc":
        skip_or_fail("the C library is not glibc")
    assert faults("kept") < 1000 < faults("as it is")
