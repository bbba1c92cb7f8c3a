"""The feature extractor in torch, ONNX Runtime and OpenVINO: one image at a time, as a station judges, side by side in one run.

The three take turns image by image, so that other work on the machine meets all alike; what counts is the ratio to torch. The
network is the packaged lite0 at 256 pixels with the layers of `eagle init`. Shown too: how far the features differ.

    python benchmarks/runtimes.py --images 100
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import torch

from eagle_core.config import BackboneConfig, ExpertConfig, PreprocessingConfig
from eagle_core.expert.backbone import load_backbone
from eagle_core.expert.runtimes.extractor import load_extractor, write_extractor

SIDE, WARM = 256, 5
BACKBONE = BackboneConfig(name="tf_efficientnet_lite0", weights="packaged", layers=("blocks.2", "blocks.4"))


def main() -> None:
    """Print a table for one thread and for all processors, then one line of JSON."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--images", type=int, default=100)
    images = asked.parse_args().images
    torch_backbone = load_backbone(BACKBONE)
    config = ExpertConfig(backbone=BACKBONE, preprocessing=PreprocessingConfig(resize=SIDE))
    generator = torch.Generator().manual_seed(0)
    found: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        made = {}
        for runtime in ("onnx", "openvino"):
            folder = Path(scratch) / runtime
            folder.mkdir()
            made[runtime] = write_extractor(torch_backbone, config, runtime, folder)
        for threads in sorted({1, os.cpu_count() or 1}):
            torch.set_num_threads(threads)
            backbones = {"torch": torch_backbone} | {name: load_extractor(each, Path(scratch) / name, threads) for name, each in made.items()}
            seconds: dict[str, list[float]] = {name: [] for name in backbones}
            furthest = dict.fromkeys(backbones, 0.0)
            for _ in range(images + WARM):
                image = torch.randn(1, 3, SIDE, SIDE, generator=generator)
                expected = torch_backbone.extract(image)
                for name, backbone in backbones.items():
                    began = time.perf_counter()
                    features = backbone.extract(image)
                    seconds[name].append(time.perf_counter() - began)
                    furthest[name] = max(furthest[name], float((features - expected).abs().max() / expected.abs().max()))
            print(f"{threads} thread{'s' if threads > 1 else ''}: {'ms':>24} {'of torch':>9} {'furthest':>9}")
            base = statistics.median(seconds["torch"][WARM:])
            told = {}
            for name in backbones:
                median = statistics.median(seconds[name][WARM:])
                told[name] = {"ms": round(1000 * median, 1), "ratio": round(median / base, 2), "furthest": furthest[name]}
                print(f"{name:24} {1000 * median:11.1f} {median / base:9.2f} {furthest[name]:9.0e}", flush=True)
            found[f"{threads} threads"] = told
    print(json.dumps(found | {"load": [round(each, 1) for each in os.getloadavg()]}))


if __name__ == "__main__":
    main()
