"""Flow ``train-backbone``: the expert's embedded backbone from nothing; ``python -m flows.train_backbone --out DIR``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from prefect import flow

from eagle_core.training.embedded_backbone import BackboneRecipe
from tasks import training


@flow(name="train-backbone", persist_result=False)
def train_backbone(out: Path, seed: int = 0, threads: int = 1) -> dict[str, Any]:
    """Train and measure it; interrupted, it goes on where it was."""
    torch.set_num_threads(threads)
    out.mkdir(parents=True, exist_ok=True)
    description: dict[str, Any] = training.backbone(BackboneRecipe(), seed, out, threads)
    return description


def main(
    out: Annotated[Path, typer.Option(help="Where checkpoint, weights and description go.")],
    seed: Annotated[int, typer.Option()] = 0,
    threads: Annotated[int, typer.Option(help="CPU threads and drawing processes.")] = 1,
) -> None:
    """Train the embedded backbone."""
    train_backbone(out.resolve(), seed, threads)


if __name__ == "__main__":
    typer.run(main)
