"""Bars on long work, as a terminal shows them."""

from __future__ import annotations

import os
import pty
import re
import sys
import termios
import threading

import pytest

from tasks.machinery.progress import progress_bar


def shown_by(monkeypatch: pytest.MonkeyPatch, reports: list[tuple[str, int, int]]) -> list[str]:
    """Every state of a bar that is told ``reports``, on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    read: list[bytes] = []

    def drain() -> None:
        try:
            while part := os.read(ours, 4096):
                read.append(part)
        except OSError:  # a terminal that nobody writes to any more
            return

    reader = threading.Thread(target=drain)
    reader.start()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", terminal)
        with progress_bar("seed 0", unit="step") as report:
            for one in reports:
                report(*one)
    reader.join()
    os.close(ours)
    return [state for state in re.split(r"[\r\n]+", b"".join(read).decode()) if state.strip()]


def test_a_loss_in_the_name_of_a_phase_does_not_start_the_bar_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    states = shown_by(monkeypatch, [(f"loss {step / 10}", step, 4) for step in range(1, 5)])
    assert " 3/4 " in states[-1], "what was done when its name changed last"
