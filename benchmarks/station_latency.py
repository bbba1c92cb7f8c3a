"""How long a part takes at the station: bytes of an image in, JSON out, the expert alone.

Physics. One forward pass of lite0 at 256 pixels, the distances of 32 x 32 patches to a bank of 4,000 x 152 (0.6 GFLOP), the
image decoded, and two writes that wait for the disk: the image's file and the database's commit. CPU time is told beside the wall clock: on a shared machine the latter holds the others' work too.

Random plates, whose bank is filled up with random patches to its full size; one thread.

    python benchmarks/station_latency.py --parts 100
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
import yaml
from fastapi.testclient import TestClient
from PIL import Image

from eagle_core.expert.bundle import load_expert, save_expert
from eagle_core.written_text import write_json
from flows.service.app import make_app
from flows.service.security import Access
from tasks.machinery.params import load_params
from tasks.machinery.provenance import git_commit

SIDE, GOOD, BANK = 256, 24, (4000, 152)


def plate(seed: int) -> bytes:
    """A PNG."""
    pixels = np.random.default_rng(seed).normal(150, 20, (SIDE, SIDE, 3)).clip(0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def project(root: Path) -> Path:
    """params.yaml and good images."""
    folder = root / "data/line/plate/train/good"
    folder.mkdir(parents=True)
    for seed in range(GOOD):
        (folder / f"{seed:03}.png").write_bytes(plate(seed))
    params = {
        "datasets": {"line": {"format": "mvtec", "root": "data/line"}},
        "methods": ["expert"],
        "expert": {"preprocessing": {"resize": SIDE}},
        "run": {"threads": 1},
        "profiles": {"demo": {}},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    return root / "params.yaml"


def fill_bank(folder: Path) -> tuple[int, int]:
    """Give the fitted expert a bank of the full size; its shape."""
    expert = load_expert(folder)
    rows, width = BANK[0], expert.bank.shape[1]
    generator = torch.Generator().manual_seed(0)
    more = expert.bank[torch.randint(len(expert.bank), (rows,), generator=generator)]
    bank = more + 0.01 * torch.randn(rows, width, generator=generator)
    save_expert(dataclasses.replace(expert, bank=bank), folder)
    return rows, width


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--parts", type=int, default=100)
    asked.add_argument("--out", type=Path, help="JSON file to write")
    given = asked.parse_args()
    parts = given.parts
    with tempfile.TemporaryDirectory() as scratch:
        params = project(Path(scratch))
        with TestClient(make_app(load_params(params), Access()), base_url="http://localhost") as client:
            while not client.get("/api/categories").json()[0]["ready"]:
                time.sleep(0.2)
        [folder] = (Path(scratch) / "station/experts").iterdir()
        bank = fill_bank(folder)
        wall, cpu = [], []
        with TestClient(make_app(load_params(params), Access()), base_url="http://localhost") as client:
            for seed in range(parts + 5):
                content = plate(10_000 + seed)
                began, used = time.perf_counter(), time.process_time()
                answer = client.post("/api/categories/plate/parts", content=content)
                wall.append(time.perf_counter() - began)
                cpu.append(time.process_time() - used)
                assert answer.status_code == 201, answer.text
    wall, cpu = wall[5:], cpu[5:]
    told = {
        "commit": git_commit(Path(__file__).parent),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "bank": bank,
        "parts": parts,
        "wall_ms": {f"p{p}": round(1000 * float(np.percentile(wall, p)), 1) for p in (50, 95, 99)},
        "cpu_ms": {f"p{p}": round(1000 * float(np.percentile(cpu, p)), 1) for p in (50, 95, 99)},
        "threads": torch.get_num_threads(),
        "load_before": [round(each, 1) for each in os.getloadavg()],
    }
    print(json.dumps(told))
    if given.out is not None:
        write_json(told, given.out)


if __name__ == "__main__":
    main()
