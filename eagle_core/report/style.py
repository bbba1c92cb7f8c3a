"""Colours that stay apart for colour-blind readers (Okabe and Ito), one meaning each, and how a figure is saved."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from eagle_core.whole_file import written_whole

TRAIN_NORMAL = "#009E73"
TEST_NORMAL = "#0072B2"
TEST_DEFECTIVE = "#CC79A7"
UNLABELLED = "#999999"
RIGHT = "#0072B2"
WRONG = "#D55E00"
NO_VERDICT = "#777777"
GROUND_TRUTH = "#56B4E9"
UNSURE = "#F0E442"
INK = "#222222"
FAINT = "#6B6B6B"
COMPRESSION = 1
"""zlib's fastest."""


def save(figure: Figure, path: Path, dpi: int = 120) -> None:
    """Write a PNG at once; the same figure gives the same bytes (no date, no version inside).

    Compressed quickly: a sheet of photographs hardly becomes smaller in four times the time.
    """
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None}, pil_kwargs={"compress_level": COMPRESSION})
    with written_whole(path) as aside:
        aside.write_bytes(buffer.getvalue())
