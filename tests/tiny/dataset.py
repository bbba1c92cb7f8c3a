"""A dataset of a few small noise images in MVTec layout, and configurations that take seconds with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from eagle_core.config import EagleConfig

CATEGORIES = ("bolt", "nut", "ring")
METHODS = ("expert", "mllm")
EXPERT = {"preprocessing": {"resize": 64}, "coreset": {"ratio": 0.2, "projection_dim": 16}, "min_unsampled_patches": 4}


def write_dataset(root: Path) -> Path:
    """Three categories of eight normal and three test images of 48 pixels."""
    rng = np.random.default_rng(0)
    for category in CATEGORIES:
        for folder, count in (("train/good", 8), ("test/good", 2), ("test/scratch", 1)):
            target = root / category / folder
            target.mkdir(parents=True)
            for number in range(count):
                Image.fromarray(rng.integers(90, 110, (48, 48, 3), dtype=np.uint8)).save(target / f"{number:03}.png")
    return root


def configured(data: Path, cache: Path, **changes: object) -> EagleConfig:
    """The dataset as ``small``, two MLLMs, two methods; ``changes`` replace whole sections."""
    sections: dict[str, object] = {
        "datasets": {"small": {"root": data}},
        "methods": ("mllm", "eagle"),
        "mllms": {name: {"model": model, "beyond_the_demo": True} for name, model in (("first", "embedded"), ("second", "embedded-control"))},
        "expert": EXPERT,
        "threshold": {"bootstrap_samples": 10},
        "explanation": {"when": "never"},
        "run": {"cache_dir": cache, "threads": 1},  # the workers share two cores
    }
    return EagleConfig.model_validate(sections | changes)


def write_project(root: Path, **profiles: object) -> Path:
    """The dataset as ``tiny`` beside a params.yaml with one MLLM and two methods; ``profiles`` beside the default one."""
    write_dataset(root / "data")
    params = {
        "datasets": {"tiny": {"format": "mvtec", "root": "data"}},
        "methods": list(METHODS),
        "mllms": {"embedded": {"model": "embedded", "beyond_the_demo": True}},
        "expert": EXPERT,
        "threshold": {"bootstrap_samples": 10},
        "evaluation": {"bootstrap_samples": 10},
        "explanation": {"when": "never"},
        "report": {"images": 1, "attention": 0},
        "run": {"threads": 1},
        "profiles": {"demo": {}, **profiles},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    return root
