"""``eagle`` as a user meets it: help with examples, and bad input as one line with a remedy, exit code 2."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from flows.cli.main import app, main

PROJECT = Path(__file__).parents[3]


def failing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """What ``eagle`` writes to standard error when it ends with exit code 2."""
    monkeypatch.setattr(sys, "argv", ["eagle", *arguments])
    monkeypatch.chdir(PROJECT)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("verb", [(), ("run",), ("inspect",), ("data",), ("models",), ("doctor",)])
def test_help_of_every_verb_shows_an_example(verb: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*verb, "--help"], env={"COLUMNS": "160"})
    assert shown.exit_code == 0
    assert f"eagle {' '.join(verb)}".strip() in shown.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "--profile", "nope"), ["nope", "demo", "paper"]),
        (("run", "--set", "caas.alhpa=1"), ["caas.alhpa", "alpha"]),
        (("run", "--set", "threshold.kappa=-1"), ["threshold.kappa"]),
        (("run", "--params", "missing.yaml"), ["missing.yaml"]),
        (("inspect", "x.png", "--mllm", "gpt"), ["gpt", "embedded"]),
        (("inspect", "x.png", "--dataset", "nope"), ["nope", "demo"]),
        (("run", "--set", "caas.alpha=[1"), ["caas.alpha"]),
    ],
)
def test_bad_input_is_one_line(
    arguments: tuple[str, ...],
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [line] = failing(capsys, monkeypatch, *arguments).splitlines()
    assert line.startswith("error: ")
    assert all(word in line for word in words), line


def test_square_brackets_survive_in_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "['bold']" in failing(capsys, monkeypatch, "run", "--set", "caas.mode=[bold]")


def test_models_lists_hub_ids_and_what_was_verified() -> None:
    shown = CliRunner().invoke(app, ["models"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    for text in ("embedded", "Qwen/Qwen2.5-VL-7B-Instruct", "verified", "trust_remote_code"):
        assert text in shown.output


def test_a_place_that_may_not_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In /sys not even root makes a folder."""
    for number in range(2):
        Image.effect_noise((16, 16), 50 + number).save(tmp_path / f"{number}.png")
    [line] = failing(capsys, monkeypatch, "init", "/sys/line3", "--images", str(tmp_path)).splitlines()
    assert line.startswith("error: ") and "/sys/line3" in line and "name another folder for the project" in line
