"""A 12-pixel defect in images of 2,048 pixels: missed by the expert that sees the whole image, found in tiles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

SIDE, DEFECT = 2048, (1450, 650)
"""Pixels; column and row of the defect's corner."""
ROOT = "data/large/plate"


def plate(seed: int) -> np.ndarray:
    """A brushed plate: grain along the rows, light falling off; ``(SIDE, SIDE) uint8``."""
    generator = np.random.default_rng(seed)
    rows = generator.normal(0, 5, (SIDE, 1)).repeat(SIDE, axis=1)
    coarse = np.kron(generator.normal(0, 4, (SIDE // 16, SIDE // 16)), np.ones((16, 16)))
    light = np.linspace(-20, 20, SIDE)[None, :]
    return np.clip(130 + rows + coarse + light, 0, 255).astype(np.uint8)


def test_a_small_defect_is_found_in_tiles_only(new_project: Callable) -> None:  # type: ignore[type-arg]
    project = new_project()
    for number in range(6):
        kind = "normal" if number < 4 else "normal_test" if number == 4 else "defective"
        pixels = plate(number)
        if kind == "defective":
            x, y = DEFECT
            pixels[y : y + 12, x : x + 12] = 20
        path = project.root / ROOT / kind / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, compress_level=1)
    common = (
        "--set", "datasets={small: null, large: {format: folder, root: data/large}}", "--set", "methods=[expert]",
        "--set", "expert.backbone={name: tf_efficientnet_lite0, weights: packaged, layers: null}",
        "--set", "expert.coreset.ratio=0.008", "--set", "expert.calibration=leave_out", "--set", "threshold.min_images=4",
    )  # fmt: skip

    def judged() -> dict[bool, object]:
        records = project.newest_records()
        return {row.is_defective: row for row in records.itertuples()}

    project.eagle("run", *common, "--set", "expert.preprocessing.resize=128")
    whole = judged()
    assert not whole[True].verdict_defective

    project.eagle(
        "run", *common, "--set", "expert.preprocessing.resize=1024", "--set", "expert.tiles={size: 512, stride: 512}"
    )
    tiled = judged()
    assert tiled[True].verdict_defective and tiled[True].expert_score > 1.3 * tiled[False].expert_score
    best = max(tiled[True].boxes, key=lambda box: box["score"])
    x, y = DEFECT[0] + 6, DEFECT[1] + 6
    assert best["x0"] <= x < best["x1"] and best["y0"] <= y < best["y1"]
    assert (best["x1"] - best["x0"]) * (best["y1"] - best["y0"]) < 100**2
