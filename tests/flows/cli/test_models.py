"""``eagle models`` prints names as they are."""

from __future__ import annotations

import dataclasses

import pytest

from eagle_core.mllm.registry import known_models
from flows.cli import models


def test_brackets_in_names_are_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    odd = dataclasses.replace(known_models()[0], name="mine [v2]", source="models/[red]x[/]")
    monkeypatch.setattr(models, "known_models", lambda: (odd,))
    models.models()
    shown = capsys.readouterr().out
    assert "mine [v2]" in shown and "models/[red]x[/]" in shown
