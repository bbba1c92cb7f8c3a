"""DBT scores with the own image left out: one product with masked columns against one faiss index per image.

Both do N * P * M * D multiply-adds. The index per image also copies M * D numbers N times; masking copies
nothing and searches one prepared bank.

    python benchmarks/dbt_scoring.py --images 100 --patches 784 --dimension 384 --ratio 0.1
"""

from __future__ import annotations

import argparse
import json
import time

import faiss
import numpy as np
import torch

from eagle_core.config import ExpertConfig
from eagle_core.expert.training_scores import score_training_images


def index_per_image(patches: torch.Tensor, sampled: torch.Tensor) -> np.ndarray:
    """The authors' way."""
    scores = []
    points, mask = patches.numpy(), sampled.numpy()
    for image in range(len(points)):
        others = np.arange(len(points)) != image
        index = faiss.IndexFlatL2(points.shape[2])
        index.add(points[others][mask[others]])
        squared, _ = index.search(points[image][~mask[image]], 1)
        scores.append(np.sqrt(squared.max()))
    return np.array(scores)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--patches", type=int, default=784)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--ratio", type=float, default=0.1)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    faiss.omp_set_num_threads(args.threads)

    generator = torch.Generator().manual_seed(0)
    patches = torch.randn(args.images, args.patches, args.dimension, generator=generator)
    sampled = torch.rand(args.images, args.patches, generator=generator) < args.ratio
    names = [str(i) for i in range(args.images)]

    began = time.perf_counter()
    ours = score_training_images(patches, sampled, names, ExpertConfig(), "unsampled").scores
    masked = time.perf_counter() - began
    began = time.perf_counter()
    theirs = index_per_image(patches, sampled)
    rebuilt = time.perf_counter() - began

    rows = {
        "masked_ms_per_image": 1000 * masked / args.images,
        "index_per_image_ms_per_image": 1000 * rebuilt / args.images,
        "speed_up": rebuilt / masked,
        "largest_relative_difference": float(np.abs(ours / theirs - 1).max()),
    }
    for name, value in rows.items():
        print(f"{name:32s}{value:12.6f}")
    print(json.dumps({"benchmark": "dbt_scoring", **vars(args), **rows}))


if __name__ == "__main__":
    main()
