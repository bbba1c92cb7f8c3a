"""What an audit can find: the code of each kind, how bad it is, what it means and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]
"""error: figures computed from this dataset would be wrong; warning: worth a look; info: good to know."""
Kind = Literal[
    "missing",
    "empty",
    "unreadable",
    "lfs_pointer",
    "blank",
    "image_size",
    "elongated",
    "bit_depth",
    "bit_depth_differs",
    "duplicate",
    "train_test_overlap",
    "normal_among_defects",
    "no_normal_images",
    "few_normal_images",
    "same_normal_images",
    "no_test_images",
    "no_normal_test",
    "all_unlabelled",
    "read_as_normal",
    "nested_images",
    "name_not_utf8",
    "no_masks",
    "mask_missing",
    "mask_unreadable",
    "mask_size",
    "mask_empty",
    "mask_full",
    "mask_outline",
    "mask_inverted",
    "mask_grey_edges",
    "mask_no_black",
    "mask_turned",
    "mask_perhaps_turned",
    "mask_shared",
    "mask_beside",
    "mask_of_normal",
    "mask_without_image",
    "unused_image",
    "wrong_ending",
    "unread_format",
    "not_an_image",
    "not_a_category",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an audit found; ``image_id`` is the POSIX path below the root of the file it is about, as text."""

    kind: Kind
    image_id: str
    message: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Group:
    """All findings of one kind and severity."""

    kind: Kind
    severity: Severity
    files: tuple[str, ...]
    """What they are about, sorted."""
    message: str
    """Of the first one."""

    @property
    def remedy(self) -> str:
        """What to do."""
        return REMEDIES[self.kind]

    @property
    def is_fixable(self) -> bool:
        """True where ``eagle data check DIR --fix NEW`` puts it right in its copy."""
        return self.kind in FIXED


FIXED: frozenset[Kind] = frozenset(
    {
        "name_not_utf8", "nested_images", "wrong_ending", "read_as_normal", "mask_inverted", "mask_grey_edges", "mask_no_black",
        "mask_turned",
    }
)  # fmt: skip
"""What a corrected copy puts right."""
REMEDIES: dict[Kind, str] = {
    "missing": "bring the file back (`dvc checkout`), or take it off the list",
    "empty": "copy the image again, or remove it",
    "unreadable": "copy the image again, or remove it",
    "lfs_pointer": "run `git lfs pull` where the images come from, and copy them again",
    "blank": "check the exposure, or remove it",
    "image_size": "check that all were taken in the same way",
    "elongated": "look at all of it: expert.preprocessing {fit: stretch, center_crop: null}, or cut it into tiles",
    "bit_depth": "nothing, if the camera has so many bits; else state datasets.NAME.bit_depth",
    "bit_depth_differs": "state the camera's bits: datasets.NAME.bit_depth",
    "duplicate": "remove one of the two",
    "train_test_overlap": "remove it from the test images",
    "normal_among_defects": "correct one of the two labels",
    "no_normal_images": "put photographs of good parts into train/good (or normal/)",
    "few_normal_images": "add normal images: at least 5, better 50",
    "same_normal_images": "replace the copies by photographs of different good parts",
    "no_test_images": "add test images, or judge images with `eagle inspect`",
    "no_normal_test": "if one of these folders holds good parts: --label FOLDER=normal, or call it good",
    "all_unlabelled": "if they are good parts: put them into a folder `normal` (a folder of photographs and nothing else is taken so: --as good)",
    "read_as_normal": "nothing, if they are; else rename the folder or use --label NAME=defective",
    "nested_images": "nothing: they are used",
    "name_not_utf8": "nothing: its bytes are shown as %XX; --fix gives it a name that every system takes",
    "no_masks": "nothing, if only whole images are to be judged",
    "mask_missing": "add the mask",
    "mask_unreadable": "save the mask again as PNG",
    "mask_size": "redraw it at the image's size",
    "mask_empty": "redraw it, or correct the label",
    "mask_full": "redraw it: the defect alone must not be black",
    "mask_outline": "fill it, where the defect is what the line encloses",
    "mask_inverted": "make the background black and the defect white: --fix does",
    "mask_grey_edges": "nothing: what is brighter than half counts; --fix writes it in black and white",
    "mask_no_black": "nothing, if the commonest colour is the background; --fix writes it in black and white",
    "mask_turned": "nothing: it is turned as the photograph is",
    "mask_perhaps_turned": "check that the mask fits the upright photograph; save the photograph upright",
    "mask_shared": "call each mask as its image, with its ending: 0.jpg_mask.png",
    "mask_beside": "nothing, if it is one; else give it another name",
    "mask_of_normal": "correct the label, or remove the mask",
    "mask_without_image": "rename it as its image, or remove it",
    "unused_image": "move it to where the layout expects images (good parts: normal/ or train/good/; bad ones: defective/KIND/ or test/KIND/), or remove it",
    "wrong_ending": "give it the ending of its content; --fix does",
    "unread_format": "save it as PNG, JPEG or TIFF",
    "not_an_image": "nothing",
    "not_a_category": "give it normal images (normal/, or train/good/), or move it away",
}
_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """Findings by kind and severity, the worst first."""
    files: dict[tuple[Severity, Kind], list[Finding]] = {}
    for finding in findings:
        files.setdefault((finding.severity, finding.kind), []).append(finding)
    groups = [
        Group(kind, severity, tuple(finding.image_id for finding in found), found[0].message)
        for (severity, kind), found in files.items()
    ]
    return sorted(groups, key=lambda group: (_ORDER[group.severity], -len(group.files), group.kind))
