"""What MMAD's authors published: question counts and a few models' scores, to stand beside ours, never among them."""

from __future__ import annotations

from eagle_core.records import QuestionType

COUNTS: dict[str, dict[QuestionType, int]] = {
    dataset: dict(
        zip(
            (
                "anomaly_detection",
                "defect_classification",
                "defect_localization",
                "defect_description",
                "defect_analysis",
                "object_classification",
                "object_analysis",
            ),
            counts,
            strict=True,
        )
    )
    for dataset, counts in {
        "DS-MVTec": (1226 + 465, 1205, 1193, 1213, 1205, 464, 1367),
        "MVTec-LOCO": (992 + 573, 982, 982, 974, 954, 544, 1623),
        "VisA": (1198 + 943, 1190, 1197, 1190, 1163, 935, 2806),
        "GoodsAD": (1631 + 1269, 1311, 1506, 1333, 1460, 1211, 3367),
    }.items()
}
"""Questions by dataset and type."""
QUESTIONS, IMAGES = 39_672, 8_366

AVERAGES: dict[str, tuple[float, float, float, float, float]] = {
    "Qwen2.5-VL-7B": (86.4, 84.6, 75.6, 70.6, 72.2),
    "Qwen2-VL-7B": (85.4, 84.5, 71.9, 72.7, 73.4),
    "InternVL2-8B": (69.0, 69.7, 66.1, 63.9, 63.1),
    "MiniCPM-V-2.6": (66.4, 75.6, 60.5, 67.3, 66.2),
    "LLaVA-1.5-7B": (51.1, 57.3, 54.4, 55.0, 54.7),
    "LLaVA-NeXT-interleave-7B": (68.4, 66.6, 59.8, 58.6, 59.3),
    "GPT-4o": (81.3, 84.8, 66.4, 70.4, 74.3),
}
"""1-shot, percent: DS-MVTec anomaly detection and average, VisA likewise, average over the four datasets."""
