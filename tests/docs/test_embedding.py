"""The example of docs/embedding.md, run as it stands there: a defect that everybody sees is found."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PROJECT = Path(__file__).parents[2]
LINES = 14


def example() -> str:
    [code] = re.findall(r"```python\n(.*?)```", (PROJECT / "docs/embedding.md").read_text(encoding="utf-8"), re.DOTALL)
    return str(code)


def test_the_example_is_short() -> None:
    lines = [line for line in example().splitlines() if line.strip()]
    assert len([line for line in lines if not line.startswith(("from", "import"))]) <= 10
    assert len(lines) <= LINES


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Stripes with noise; one of two images to judge has a black square in the middle."""
    generator = np.random.default_rng(0)
    folder = tmp_path / "parts" / "washer"
    for part in ("normal", "unlabelled"):
        (folder / part).mkdir(parents=True)
    for name in [*(f"normal/{i:02d}" for i in range(12)), "unlabelled/good", "unlabelled/hole"]:
        pixels = 120 + 60 * np.sin(np.arange(96) / 5)[None, :, None] + generator.normal(0, 12, (96, 96, 3))
        if name.endswith("hole"):
            pixels[32:64, 32:64] = 0
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{name}.png")
    monkeypatch.chdir(tmp_path)
    exec(compile(example(), "docs/embedding.md", "exec"), {})
    verdicts = dict(line.split()[:2] for line in capsys.readouterr().out.splitlines())
    assert {Path(name).stem: verdict for name, verdict in verdicts.items()} == {"good": "normal", "hole": "defective"}
