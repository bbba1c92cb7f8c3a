"""Greedy coreset: ours against anomalib's loop, time and memory.

The textbook loop touches all N x d numbers for each of M picks: N * M * d * 4 bytes of traffic, bound by memory
bandwidth. The batched form does the same arithmetic as matrix products over blocks of picks, bound by compute.
anomalib projects to its own dimension (Johnson-Lindenstrauss, eps 0.9); here both get the same points.

    python benchmarks/coreset.py --points 100000 --dimension 128 --ratio 0.1 --anomalib-picks 200
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import torch
from anomalib.models.components import KCenterGreedy

from eagle_core.expert.coreset import greedy_coreset


def peak_mib() -> float:
    """Highest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--ratio", type=float, default=0.1)
    parser.add_argument("--anomalib-picks", type=int, default=200, help="picks of anomalib's loop to time")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    generator = torch.Generator().manual_seed(0)
    # Decaying scales: like features, most of the variance lies in few directions.
    points = torch.randn(args.points, args.dimension, generator=generator) * torch.linspace(2, 0.1, args.dimension)
    size = int(args.points * args.ratio)

    before = peak_mib()
    began = time.perf_counter()
    found = greedy_coreset(points, size, start=0)
    ours = time.perf_counter() - began
    grown = peak_mib() - before

    # A third dimension keeps anomalib from projecting the points again.
    sampler = KCenterGreedy(points[:, :, None], sampling_ratio=args.anomalib_picks / args.points)
    began = time.perf_counter()
    sampler.select_coreset_idxs()
    theirs = time.perf_counter() - began

    rows = {
        "batched_ms_per_pick": 1000 * ours / size,
        "anomalib_ms_per_pick": 1000 * theirs / args.anomalib_picks,
        "batched_seconds": ours,
        "batched_peak_over_points": grown / (points.numel() * 4 / 2**20),
        "cover_radius": found.cover_radius,
    }
    for name, value in rows.items():
        print(f"{name:28s}{value:12.3f}")
    print(json.dumps({"benchmark": "coreset", **vars(args), **rows}))


if __name__ == "__main__":
    main()
