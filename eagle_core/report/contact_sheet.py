"""Contact sheet of boxed test images: truth, score against tau, and who was right (paper: Fig. 13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from eagle_core.counted import counted
from eagle_core.record_table import NO_MLLM
from eagle_core.records import Box, Sample
from eagle_core.report import style
from eagle_core.report.boxed_image import small_boxed

COLUMNS = 6
CELL_INCHES, IMAGE_INCHES = 2.1, 1.94
TITLE_INCHES, HEADER_INCHES = 0.2, 0.45
LINE_POINTS = 9.8
SHOWN_METHODS = (
    ("expert", "expert"),
    ("mllm", "MLLM alone"),
    ("eagle_no_caas", "without CAAS"),
    ("eagle", "EAGLE"),
)


@dataclass(frozen=True, slots=True)
class SheetItem:
    """One image of the sheet."""

    image: Image.Image
    """RGB with the boxes that the MLLM saw."""
    truth: str
    """Such as ``scratch``, ``normal`` or ``unlabelled``."""
    score: float | None
    tau: float | None
    gate_open: bool
    verdicts: tuple[tuple[str, bool | None, bool | None], ...]
    """(who, said defective, was right); None: no verdict, or no label."""
    p_defect: float | None
    """Of EAGLE, or of the last method that was run."""


def choose_items(
    samples: Sequence[Sample],
    records: pd.DataFrame,
    *,
    line_width: int = 2,
    most: int = 24,
    mllm: str | None = None,
) -> list[SheetItem]:
    """At most ``most`` images, the telling ones first: where the methods disagree, then errors, then the rest.

    Args:
        samples: Of one category.
        records: Of its methods, as ``read_records`` gives them.
        line_width: Of the boxes, in pixels of the original image.
        most: How many at most.
        mllm: Whose answers; None: those of the first MLLM in ``records``.

    Raises:
        DataError: A chosen image or mask cannot be read.
    """
    by_image = _by_image(records, mllm)
    chosen = telling_samples(samples, records, most=most, mllm=mllm)
    return [_item(sample, by_image[sample.image_id], line_width) for sample in chosen]


def telling_samples(
    samples: Sequence[Sample], records: pd.DataFrame, *, most: int, mllm: str | None = None
) -> list[Sample]:
    """At most ``most`` of the samples that have records, the telling ones first; see ``choose_items``."""
    by_image = _by_image(records, mllm)
    known = [sample for sample in samples if sample.image_id in by_image]
    return _mixed(_in_turn({sample: _dullness(sample, by_image[sample.image_id]) for sample in known}), most)


def _by_image(records: pd.DataFrame, mllm: str | None) -> dict[str, pd.DataFrame]:
    """Yes/no records of the expert and one MLLM, by method, for each image."""
    asked = [name for name in dict.fromkeys(records["mllm"]) if name != NO_MLLM]
    chosen = mllm or (asked[0] if asked else NO_MLLM)
    defect = records[
        records["mllm"].isin([NO_MLLM, chosen]) & (records["question_type"] == "anomaly_detection")
    ]
    # Several yes/no questions about one image (MMAD): its first one stands for it.
    defect = defect.drop_duplicates(["image_id", "method"]).set_index("method")
    return {str(image): part for image, part in defect.groupby("image_id", sort=False)}


def draw(items: Sequence[SheetItem], path: Path, title: str = "") -> None:
    """Write the PNG: the boxes in red, the ground truth outlined in light blue, verdicts beneath."""
    columns = min(COLUMNS, max(1, len(items)))
    rows = max(1, -(-len(items) // columns))
    tallest = max((item.image.height / item.image.width for item in items), default=1.0)
    text_inches = (
        TITLE_INCHES + max((len(_lines(item)) + 1.5 for item in items), default=0) * LINE_POINTS / 72
    )
    cell_height = IMAGE_INCHES * min(tallest, 1.6) + text_inches
    width, height = max(columns * CELL_INCHES, 6.5), HEADER_INCHES + rows * cell_height
    figure = Figure(figsize=(width, height))
    for number, item in enumerate(items):
        row, column = divmod(number, columns)
        left, bottom = column * CELL_INCHES + 0.08, height - HEADER_INCHES - (row + 1) * cell_height
        box = (left, bottom + text_inches - TITLE_INCHES, IMAGE_INCHES, cell_height - text_inches)
        axis = figure.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height), anchor="N")
        _draw_item(axis, item)
    _legend(figure, title or counted(len(items), "image"))
    style.save(figure, path)


def _dullness(sample: Sample, rows: pd.DataFrame) -> int:
    """0: methods disagree about the image, or it was not judged; 1: all err; 2: all are right but unsure; 3: the rest."""
    if (rows["status"] == "not_judged").any():
        return 0
    right = {_right(rows, method, sample.is_defective) for method, _ in SHOWN_METHODS if method in rows.index}
    if len(right) > 1:
        return 0
    if right == {False}:
        return 1
    return 2 if _gate_open(rows) else 3


def _in_turn(dullness: dict[Sample, int]) -> list[Sample]:
    """By dullness, and within one the kinds of defect in turn, or the first kind would fill the sheet."""
    turns: dict[tuple[int, str | None], int] = {}
    ranked = []
    for sample in sorted(dullness, key=lambda sample: sample.image_id):
        group = (dullness[sample], sample.defect_kind)
        turns[group] = turns.get(group, 0) + 1
        ranked.append((dullness[sample], turns[group], sample.image_id, sample))
    return [sample for *_, sample in sorted(ranked, key=lambda entry: entry[:3])]


def _mixed(samples: list[Sample], most: int) -> list[Sample]:
    """The first ones, but a quarter of the places for the end of the list: a sheet of errors alone misleads."""
    if len(samples) <= most:
        return samples
    ordinary = most // 4
    return samples[: most - ordinary] + samples[-ordinary:] if ordinary else samples[:most]


def _item(sample: Sample, rows: pd.DataFrame, line_width: int) -> SheetItem:
    truth = {None: "unlabelled", False: "normal", True: sample.defect_kind or "defective"}[
        sample.is_defective
    ]
    marked = [rows.loc[m, "boxes"] for m in ("eagle", "eagle_no_caas", "expert") if m in rows.index]
    boxes = [Box(**box) for box in marked[0]] if marked else []
    told = [rows.loc[m, "p_defect"] for m in ("eagle", "eagle_no_caas", "mllm") if m in rows.index]
    verdicts = tuple(
        (name, _optional(rows.loc[method, "verdict_defective"]), _right(rows, method, sample.is_defective))
        for method, name in SHOWN_METHODS
        if method in rows.index
    )
    return SheetItem(
        image=small_boxed(sample, boxes, line_width),
        truth=truth,
        score=_known(rows["expert_score"]),
        tau=_known(rows["tau"]),
        gate_open=_gate_open(rows),
        verdicts=verdicts,
        p_defect=_optional(told[0]) if told else None,
    )


def _right(rows: pd.DataFrame, method: str, label: bool | None) -> bool | None:
    """An image without a verdict counts as wrong; without a label nobody is right or wrong."""
    if label is None or method not in rows.index:
        return None
    return _optional(rows.loc[method, "verdict_defective"]) is label


def _gate_open(rows: pd.DataFrame) -> bool:
    return bool((rows["gate_open"] == True).fillna(False).any())  # noqa: E712  # pandas: NA is neither


def _known(column: pd.Series) -> Any:
    """The image's one value, from whichever method's row has it."""
    known = column.dropna()
    return None if known.empty else known.iloc[0]


def _optional(value: Any) -> Any:
    """``pd.NA`` as None, NumPy scalars as Python's."""
    if pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _draw_item(axis: Axes, item: SheetItem) -> None:
    axis.axis("off")
    axis.imshow(item.image)
    # Its place is given: looking for one measures ticks that are not drawn.
    axis.set_title(item.truth, fontsize=9, color=style.INK, y=1.0, pad=3, fontweight="bold")
    for number, (text, colour) in enumerate(_lines(item)):
        axis.annotate(
            text,
            (0, 0),
            xycoords="axes fraction",
            xytext=(1, -3 - LINE_POINTS * number),
            textcoords="offset points",
            fontsize=7.4,
            color=colour,
            va="top",
            annotation_clip=False,
        )


def _lines(item: SheetItem) -> list[tuple[str, str]]:
    """(text, colour) of each line beneath an image."""
    lines = [(_score_line(item), style.INK)]
    lines += [_verdict_line(who, defective, right) for who, defective, right in item.verdicts]
    if item.p_defect is not None:
        lines.append((f"P(defect) {item.p_defect:.2f}", style.INK))
    return lines


def _score_line(item: SheetItem) -> str:
    if item.score is None or item.tau is None:
        return "no score"
    relation = "≥" if item.score >= item.tau else "<"
    return f"score {item.score:.3g} {relation} τ {item.tau:.3g}" + (" · gate open" if item.gate_open else "")


def _verdict_line(who: str, defective: bool | None, right: bool | None) -> tuple[str, str]:
    said = {None: "no verdict", True: "defective", False: "normal"}[defective]
    mark, colour = {None: ("·", style.NO_VERDICT), True: ("✓", style.RIGHT), False: ("✗", style.WRONG)}[right]
    return f"{mark} {who}: {said}", colour


def _legend(figure: Figure, title: str) -> None:
    top = 1 - 0.2 / figure.get_figheight()
    figure.text(0.01, top, title, fontsize=12, color=style.INK, va="center")
    keys = [
        ("red box: the expert's", "#FF0000"),
        ("outline: ground truth", style.GROUND_TRUTH),
        ("✓ right", style.RIGHT),
        ("✗ wrong", style.WRONG),
    ]
    handles = [Line2D([], [], color=colour, linewidth=3, label=name) for name, colour in keys]
    figure.legend(
        handles=handles, loc="upper right", ncols=len(keys), fontsize=8, frameon=False, handlelength=1.2
    )
