"""Pixel metrics as a table; training images that could not be read as notes."""

from __future__ import annotations

from eagle_core.evaluation.localisation_table import localisation_tables
from eagle_core.evaluation.summary import SummaryRow, summary_frame
from eagle_core.evaluation.table import comparison_table
from eagle_core.evaluation.unread import UnreadImage, unread_notes


def row(scope: str, metric: str, value: float) -> SummaryRow:
    return SummaryRow("mvtec", "none", "expert", scope, metric, value, None, None, 10, 0, 1)


SUMMARY = summary_frame(
    [
        row("bottle", "pixel_auroc", 0.9),
        row("cable", "pixel_auroc", 0.7),
        row("macro", "pixel_auroc_macro", 0.8),
        row("bottle", "aupro_fpr30", 0.6),
        row("macro", "aupro_fpr30_macro", 0.6),
        row("bottle", "balanced_accuracy", 1.0),
    ]
)


def test_the_table_shows_what_was_measured_category_by_category() -> None:
    [table] = localisation_tables(SUMMARY)
    assert table.dataset == "mvtec" and table.header[2:] == ("bottle", "cable", "mean (macro)")
    assert [line[1:] for line in table.rows] == [
        ("defective pixels ranked above others (pixel AUROC)", "0.900", "0.700", "0.800"),
        ("defective regions covered (PRO, up to 30 % false positives)", "0.600", "–", "0.600"),
    ]
    assert localisation_tables(SUMMARY[SUMMARY["metric"] == "balanced_accuracy"]) == ()


def test_unread_training_images_are_named_category_by_category() -> None:
    unread = [UnreadImage("d", "a", f"{i}.png", "truncated") for i in range(5)] + [UnreadImage("d", "b", "x.png", "no image")]
    assert unread_notes(unread) == (
        "d/a: fitted without 5 training images that could not be read: 0.png (truncated); 1.png (truncated); 2.png (truncated); and 2 more",
        "d/b: fitted without 1 training image that could not be read: x.png (no image)",
    )
    table = comparison_table(SUMMARY, "mvtec", unread=[UnreadImage("mvtec", "pill", "p.png", "empty file")])
    assert table.notes[-1].startswith("mvtec/pill: fitted without 1 training image")
