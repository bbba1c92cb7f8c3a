"""What an inspection writes: an overlay, a mask and a JSON file for each image."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from eagle_core.config import EagleConfig
from eagle_core.data.images import read_image_of
from eagle_core.geometry import ImageGeometry
from eagle_core.names import as_text, short_name
from eagle_core.report import overlay_panel
from tasks.inspection.verdict import Verdict


def file_stems(images: Sequence[Path]) -> dict[Path, str]:
    """Names for each image's overlay and JSON: its folder and name; with part of its path's hash where two would be equal."""
    plain = {path: short_name(as_text(f"{path.resolve().parent.name}-{path.stem}")) for path in images}
    counts = Counter(plain.values())
    return {
        path: stem if counts[stem] == 1 else f"{stem}-{hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:8]}"
        for path, stem in plain.items()
    }


def write_verdict(config: EagleConfig, verdict: Verdict, folder: Path, stem: str) -> tuple[Path, Path]:
    """Write the overlay and the JSON of a verdict as ``folder/stem.png`` and ``.json``; returns their paths.

    Beside them ``stem_mask.png``: white where pixels reach the threshold of the promised rate of false pixels.
    """
    folder.mkdir(parents=True, exist_ok=True)
    picture, described = folder / f"{stem}.png", folder / f"{stem}.json"
    decided = verdict.headline
    judged = decided.word != "not judged"
    overlay_panel.draw(
        read_image_of(verdict.sample),
        verdict.prediction,
        verdict.threshold,
        verdict.guidance if judged else None,
        config.expert.preprocessing,
        picture,
        word=f"{decided.word.upper()}" + (f" ({decided.reason.partition(':')[0]})" if decided.reason and not judged else ""),
        p_defect=None if verdict.asked is None else verdict.asked.answer.p_defect,
        explanation=verdict.explanation,
    )
    facts = verdict.described()
    if judged and verdict.pixels is not None:
        mask = folder / f"{stem}_mask.png"
        geometry = ImageGeometry.of(verdict.prediction.image_size, config.expert.preprocessing)
        marked = geometry.to_original(verdict.prediction.patch_scores) >= verdict.pixels.tau
        Image.fromarray(marked.astype(np.uint8) * 255).save(mask)
        facts["mask"] = {
            "file": mask.name,
            "pixel_tau": verdict.pixels.tau,
            "false_pixel_rate_promised": verdict.pixels.rate,
            "share": float(marked.mean()),
        }
    described.write_text(json.dumps(facts, indent=1, allow_nan=False), encoding="utf-8")
    return picture, described
