"""What can be wrong with the masks of a picture, and what was unusual about them but could be read."""

from __future__ import annotations

from collections.abc import Iterator

from eagle_core.data.audit.finding import Finding, Kind, Severity
from eagle_core.data.audit.pictures import Picture
from eagle_core.data.masks import Remark, read_mask, read_masks_of
from eagle_core.errors import DataError

_REMARKS: dict[Remark, tuple[Kind, Severity, str]] = {
    "grey_edges": (
        "mask_grey_edges",
        "info",
        "has grey edges, as if it had been scaled; what is brighter than half counts",
    ),
    "no_black": (
        "mask_no_black",
        "info",
        "has no black pixel; its commonest colour is taken for the background",
    ),
    "turned": ("mask_turned", "info", "was drawn before its photograph was turned (EXIF); it is turned too"),
    "inverted": ("mask_inverted", "error", "marks most of the image up to its rim; is it inverted?"),
    "perhaps_turned": (
        "mask_perhaps_turned",
        "warning",
        "its photograph is turned (EXIF): was it drawn before or after?",
    ),
    "full": ("mask_full", "warning", "marks the whole image; is it inverted?"),
    "empty": ("mask_empty", "error", "marks no pixel of a defective image; redraw it"),
    "outline": ("mask_outline", "warning", "marks a line around something; is the defect what lies within?"),
}


def mask_findings(picture: Picture, category_has_masks: bool) -> Iterator[Finding]:
    """Findings about the masks of a readable image."""
    sample = picture.sample
    if sample.mask_path is None:
        if sample.is_defective and category_has_masks:
            message = f"{sample.image_path}: defective, but has no mask as others have; add it"
            yield Finding("mask_missing", sample.image_id, message, "error")
        return
    shown = sample.mask_path
    try:
        mask = read_masks_of(sample, picture.size)
    except DataError as error:
        yield Finding(_fault(picture), sample.image_id, str(error), "error")
        return
    if not sample.is_defective:
        if mask.defective.any():
            message = (
                f"{shown}: marks a defect in an image that is not listed as defective; correct the label"
            )
            yield Finding("mask_of_normal", sample.image_id, message, "error")
        return
    for remark in mask.remarks:
        kind, severity, words = _REMARKS[remark]
        yield Finding(kind, sample.image_id, f"{shown}: {words}", severity)


def _fault(picture: Picture) -> Kind:
    """Which of its masks is why they cannot be read."""
    for path in picture.sample.masks:
        if not path.exists():
            return "mask_missing"
        try:
            read_mask(path)
        except DataError:
            return "mask_unreadable"
    return "mask_size"
