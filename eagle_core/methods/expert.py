"""The expert alone, and what it tells an MLLM (paper: sections 3.2.3 and 3.3.3)."""

from __future__ import annotations

from math import isfinite

from eagle_core.config import EagleConfig
from eagle_core.errors import DataError
from eagle_core.geometry import ImageGeometry
from eagle_core.guidance.boxes import find_boxes
from eagle_core.records import Box, ExpertPrediction, Guidance, Threshold
from eagle_core.threshold.gate import gate_is_open


def verdict(prediction: ExpertPrediction, threshold: Threshold) -> bool:
    """Anomalous: s_img >= tau.

    Raises:
        DataError: Score or threshold is not finite; a comparison with NaN would call every image normal.
    """
    if not (isfinite(prediction.score) and isfinite(threshold.tau)):
        raise DataError(
            f"{prediction.image_id}: cannot compare score {prediction.score} with tau {threshold.tau}; "
            "score the image and fit the threshold again"
        )
    return prediction.score >= threshold.tau


def guide(
    prediction: ExpertPrediction, threshold: Threshold, config: EagleConfig, *, is_defective: bool | None = None
) -> Guidance:
    """Verdict, gate and boxes of one image under ``config.guidance`` and ``config.caas``.

    Args:
        prediction: The expert's reading of the image.
        threshold: Of its category.
        config: Its sections guidance, caas and expert.preprocessing are read.
        is_defective: The image's label; read only where ``guidance.prior`` is right or wrong.

    Raises:
        DataError: As ``verdict``; patch scores that are not a finite grid; or a label that is needed and unknown.
    """
    anomalous = _told(prediction, threshold, config, is_defective)
    return Guidance(
        predicted_anomalous=anomalous,
        gate_open=gate_is_open(prediction.score, threshold, config.caas),
        boxes=_boxes(prediction, threshold, anomalous, config),
    )


def _told(
    prediction: ExpertPrediction, threshold: Threshold, config: EagleConfig, is_defective: bool | None
) -> bool:
    """The verdict that the MLLM is told."""
    prior = config.guidance.prior
    if prior == "expert":
        return verdict(prediction, threshold)
    if is_defective is None:
        raise DataError(f"{prediction.image_id}: guidance.prior {prior} needs a labelled image; use prior: expert")
    return is_defective == (prior == "right")


def _boxes(
    prediction: ExpertPrediction, threshold: Threshold, anomalous: bool, config: EagleConfig
) -> tuple[Box, ...]:
    when, rule, at_most = config.guidance.visual_prompt, config.guidance.box_rule, config.guidance.max_boxes
    if when == "never" or (when == "anomalous" and not anomalous):
        return ()
    if not verdict(prediction, threshold):
        # Table 3, "visual only": every image is boxed. No region reaches tau, so its highest one is.
        rule, at_most = "authors", 1
    geometry = ImageGeometry.of(prediction.image_size, config.expert.preprocessing)
    return find_boxes(prediction.patch_scores, geometry, tau=threshold.tau, rule=rule, max_boxes=at_most)
