"""Looks into every file of a dataset and reports what would spoil a benchmark. Changes nothing.

Images are the same where their decoded pixels are the same: a copy saved under another name, format or
compression is still found. Near-duplicates are not.
"""

from __future__ import annotations

from collections.abc import Callable

from eagle_core.data.audit.finding import Finding, Group, grouped
from eagle_core.data.audit.folders import category_findings, left_out
from eagle_core.data.audit.masks import mask_findings
from eagle_core.data.audit.pictures import Picture, look, same_content, size_findings
from eagle_core.data.dataset import Dataset

__all__ = ["Finding", "Group", "audit", "grouped"]

Progress = Callable[[int, int], None]
"""Called with (images done, images in all)."""


def audit(dataset: Dataset, progress: Progress | None = None) -> list[Finding]:
    """Read every image and mask of ``dataset`` once; return the findings, sorted by file and kind."""
    total = sum(len(category.samples) for category in dataset.categories.values())
    pictures: list[Picture] = []
    findings: list[Finding] = []
    done = 0
    for category in dataset.categories.values():
        has_masks = any(sample.masks for sample in category.test)
        of_category: list[Picture] = []
        for sample in category.samples:
            picture, seen = look(sample)
            findings.extend(seen)
            if picture is not None:
                of_category.append(picture)
                findings.extend(mask_findings(picture, has_masks))
            done += 1
            if progress is not None:
                progress(done, total)
        findings.extend(size_findings(of_category))
        findings.extend(category_findings(dataset, category, of_category))
        pictures.extend(of_category)
    findings.extend(same_content(pictures))
    findings.extend(left_out(dataset))
    return sorted(findings, key=lambda finding: (finding.image_id, finding.kind))
