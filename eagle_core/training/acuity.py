"""How finely a frozen tower sees: heads on its cached tokens, measured on categories never trained on.

Every tower has the same: a projector (two layers, as in front of a decoder), the heads, and the same number of steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.nn import functional

from eagle_core.data.scene import SceneRecord, place_of
from eagle_core.mllm.backbone_tokens import CELL_WIDTH, LEAST_DEVIATION, cell_reader
from eagle_core.training.architecture import READER
from eagle_core.training.loop import Schedule, train
from eagle_core.training.scenes.canvas import SIDE
from eagle_core.training.scenes.defects import TRAINING_KINDS

WIDTH = READER.hidden
"""Of a projected token: the decoder's, which may go on from a projector trained here."""
PAIRS = 24
"""Queries in a batch, every second one defective, each beside its category's template."""
DEFECTIVE_SHARE = 0.03
"""Of a token's pixels; with a larger part the token is defective, with a smaller one, but not none, it is left out."""
KIND_WEIGHT = 0.3
ALONE_WEIGHT = 0.5
MISSED_WEIGHT = 3.0
"""Of a defective token."""
HEADS = 4
SIZES = {"small": (0, 300), "medium": (300, 1000), "large": (1000, SIDE * SIDE)}
"""Defective pixels of an image, half-open."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tower makes of N categories."""

    features: dict[str, np.ndarray]
    """``template``, ``normal``, ``defective`` -> ``(N, cells of all tokens, channels) float16``."""
    under: np.ndarray
    """``(N, tokens) float32``: defective pixels under each token of the defective images."""
    scenes: tuple[tuple[SceneRecord, SceneRecord], ...]

    @property
    def grid(self) -> int:
        """Tokens along a side."""
        return int(round(self.under.shape[1] ** 0.5))

    @property
    def cells(self) -> int:
        """Cells along a side of a token."""
        return int(round(self.features["template"].shape[1] ** 0.5)) // self.grid

    @property
    def kinds(self) -> np.ndarray:
        """``(N,)``: index of each defect's kind in TRAINING_KINDS."""
        return np.array([TRAINING_KINDS.index(scene.defect.kind) for _, scene in self.scenes if scene.defect])

    def first(self, count: int) -> Seen:
        """The first ``count`` categories, or all."""
        return Seen({name: shown[:count] for name, shown in self.features.items()}, self.under[:count], self.scenes[:count])

    def is_defective(self) -> tuple[np.ndarray, np.ndarray]:
        """``(N, tokens) bool`` each: which tokens are, and which are so clearly that they count."""
        enough = DEFECTIVE_SHARE * (SIDE / self.grid) ** 2
        return self.under > enough, (self.under == 0) | (self.under > enough)


class AcuityHeads(nn.Module):
    """The projector (behind the layer that reads cells, where a token has several) and the heads on it."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, seen: Seen, seed: int) -> None:
        super().__init__()
        channels = seen.features["template"].shape[2]
        sample = torch.from_numpy(seen.features["template"][:100].astype(np.float32)).flatten(0, 1)
        self.register_buffer("mean", sample.mean(0))
        self.register_buffer("deviation", sample.std(0) + LEAST_DEVIATION)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.reader = cell_reader(channels, seen.cells)
            read = channels if seen.cells == 1 else CELL_WIDTH * seen.cells**2
            self.projector = nn.Sequential(nn.Linear(read, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH))
            self.place = nn.Parameter(0.02 * torch.randn(seen.grid**2, WIDTH))
            self.defect = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, 1))
            self.kind = nn.Linear(WIDTH, len(TRAINING_KINDS))
            self.lookup = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
            self.difference = nn.Sequential(nn.Linear(2 * WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, 1 + len(TRAINING_KINDS)))

    def project(self, features: np.ndarray) -> torch.Tensor:
        """``(B, cells, channels)`` to ``(B, tokens, WIDTH)``."""
        standard = (torch.from_numpy(features.astype(np.float32)) - self.mean) / self.deviation
        side = int(round(features.shape[1] ** 0.5))
        maps = self.reader(standard.transpose(1, 2).unflatten(2, (side, side)))
        return torch.as_tensor(self.projector(maps.flatten(2).transpose(1, 2)))

    def compare(self, query: torch.Tensor, template: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Defect logits ``(B, tokens)`` and kind logits ``(B, tokens, kinds)`` of projected tokens beside the template's."""
        found, _ = self.lookup(query + self.place, template + self.place, template, need_weights=False)
        out = self.difference(torch.cat([query, query - found], dim=-1))
        return out[..., 0], out[..., 1:]


def train_heads(
    seen: Seen, schedule: Schedule, *, seed: int, checkpoint: Path, progress: Callable[[int, int, float], None] | None = None
) -> AcuityHeads:
    """Train projector and heads on what the tower sees of training categories."""
    heads = AcuityHeads(seen, seed)
    defective, counted = seen.is_defective()
    kinds = seen.kinds

    def loss(rng: np.random.Generator, _: float) -> torch.Tensor:
        chosen = rng.integers(len(kinds), size=PAIRS)
        queries = [seen.features["defective" if i % 2 else "normal"][category] for i, category in enumerate(chosen)]
        query, template = heads.project(np.stack(queries)), heads.project(seen.features["template"][chosen])
        odd = (np.arange(PAIRS) % 2)[:, None].astype(bool)
        there = torch.from_numpy(defective[chosen] & odd).float()
        counts = torch.from_numpy(counted[chosen] | ~odd).float()
        weight = counts * (1 + (MISSED_WEIGHT - 1) * there)

        def found(logits: torch.Tensor) -> torch.Tensor:
            return functional.binary_cross_entropy_with_logits(logits, there, weight, reduction="sum") / counts.sum()

        compared, named = heads.compare(query, template)
        alone = found(heads.defect(query)[..., 0])
        kind = torch.from_numpy(kinds[chosen])[:, None].expand(there.shape)
        at = there > 0
        names = functional.cross_entropy(named[at], kind[at]) + functional.cross_entropy(heads.kind(query[at]), kind[at])
        return found(compared) + ALONE_WEIGHT * alone + KIND_WEIGHT * names

    about = {"categories": len(seen.scenes)}
    train(heads, loss, schedule, seed=seed, checkpoint=checkpoint, about=about, progress=progress)
    return heads


def acuity(heads: AcuityHeads, seen: Seen) -> dict[str, float]:
    """Figures on held-out categories.

    Returns:
        ``auroc`` of the highest token beside the template, the same ``alone``, by kind and by size of the defect; ``kind`` and
        ``place``: how often they are right at that token, over all defective images.
    """
    defective, _ = seen.is_defective()
    with torch.inference_mode():
        template = heads.project(seen.features["template"])
        query = {name: heads.project(seen.features[name]) for name in ("normal", "defective")}
        compared = {name: heads.compare(shown, template) for name, shown in query.items()}
        alone = {name: heads.defect(shown)[..., 0].amax(1).numpy() for name, shown in query.items()}
    highest = {name: logits.amax(1).numpy() for name, (logits, _) in compared.items()}
    logits, named = compared["defective"]
    at = logits.argmax(1)
    kind = named[torch.arange(len(at)), at].argmax(-1).numpy()
    places = [scene.defect.place for _, scene in seen.scenes if scene.defect]
    said = [place_of(token % seen.grid + 0.5, token // seen.grid + 0.5, seen.grid, seen.grid) for token in at.tolist()]
    size = seen.under.sum(1)
    figures = {
        "auroc": _auroc(highest["normal"], highest["defective"]),
        "alone": _auroc(alone["normal"], alone["defective"]),
        "kind": float(np.mean(kind == seen.kinds)),
        "place": float(np.mean([a == b for a, b in zip(places, said, strict=True)])),
        "on_defect": float(defective[np.arange(len(at)), at.numpy()].mean()),
    }
    groups = {k: seen.kinds == i for i, k in enumerate(TRAINING_KINDS)} | {
        name: (size >= least) & (size < most) for name, (least, most) in SIZES.items()
    }
    return figures | {name: _auroc(highest["normal"], highest["defective"][which]) for name, which in groups.items() if which.any()}


def _auroc(normal: np.ndarray, defective: np.ndarray) -> float:
    return float(roc_auc_score(np.r_[np.zeros(len(normal)), np.ones(len(defective))], np.r_[normal, defective]))
