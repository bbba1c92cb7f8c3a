"""EfficientNet-Lite, whose weights are installed with Eagle, without timm: importing that takes longer than judging an image.

Layers, names and arithmetic are those of timm's ``tf_efficientnet_lite*``: features and fingerprint are equal bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import mul
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import pad

STEM = 32
KERNELS, STRIDES = (3, 3, 5, 3, 5, 5, 3), (1, 2, 2, 2, 1, 2, 1)
"""Of the depthwise convolutions of each stage; only its first block has the stride."""
EXPANSION = 6
EPSILON = 1e-3
MEAN = STD = (0.5, 0.5, 0.5)
"""Of the input's channels, as the weights expect it."""


class Size(NamedTuple):
    """What tells the models apart, stage by stage."""

    channels: tuple[int, ...]
    blocks: tuple[int, ...]


SIZES = {
    "tf_efficientnet_lite0": Size((16, 24, 40, 80, 112, 192, 320), (1, 2, 2, 3, 3, 4, 1)),
    "tf_efficientnet_lite1": Size((16, 24, 40, 80, 112, 192, 320), (1, 3, 3, 4, 4, 5, 1)),
    "tf_efficientnet_lite2": Size((16, 24, 48, 88, 120, 208, 352), (1, 3, 3, 4, 4, 5, 1)),
}


def lite_stages(name: str) -> dict[str, tuple[int, int]]:
    """Feature stages, the last before each change of scale: name -> (channels, input pixels per patch along a side)."""
    scales = [2 * scale for scale in accumulate(STRIDES, mul)]
    last = {scale: stage for stage, scale in enumerate(scales)}
    return {f"blocks.{stage}": (SIZES[name].channels[stage], scale) for scale, stage in last.items()}


class LiteNetwork(nn.Module):
    """The convolutions up to the classifier's. As built, its weights are random."""

    def __init__(self, name: str, layers: Sequence[str]) -> None:
        """Of the model ``name``; ``layers`` are the feature stages that are wanted, from shallow to deep."""
        super().__init__()
        size = SIZES[name]
        self.conv_stem, self.bn1, self.act = _Convolution(3, STEM, 3, stride=2), _norm(STEM), nn.ReLU6(inplace=True)
        before = (STEM, *size.channels)
        self.blocks = nn.ModuleList(_stage(before[i], size.channels[i], size.blocks[i], KERNELS[i], STRIDES[i]) for i in range(len(STRIDES)))
        self._wanted = [int(layer.removeprefix("blocks.")) for layer in layers]

    def forward(self, batch: torch.Tensor) -> list[torch.Tensor]:
        """``(B, 3, H, W)`` to the output of each wanted stage; later stages are not computed."""
        x = self.act(self.bn1(self.conv_stem(batch)))
        found = []
        for number, stage in enumerate(self.blocks[: self._wanted[-1] + 1]):
            x = stage(x)
            if number in self._wanted:
                found.append(x)
        return found


def _stage(before: int, after: int, blocks: int, kernel: int, stride: int) -> nn.Sequential:
    first = _Separable(before, after, kernel) if before == STEM else _Inverted(before, after, kernel, stride)
    return nn.Sequential(first, *(_Inverted(after, after, kernel, 1) for _ in range(blocks - 1)))


class _Convolution(nn.Conv2d):
    """Padded as in TensorFlow, where a stride makes that depend on the input's size."""

    def __init__(self, before: int, after: int, kernel: int, *, stride: int = 1, groups: int = 1) -> None:
        super().__init__(before, after, kernel, stride, padding=(kernel - 1) // 2 if stride == 1 else 0, groups=groups, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        stride, kernel = self.stride[0], self.kernel_size[0]
        if stride > 1:
            rows, columns = (max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in x.shape[-2:])
            x = pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
        return super().forward(x)


class _Separable(nn.Module):
    """The first stage's block: nothing to expand."""

    def __init__(self, before: int, after: int, kernel: int) -> None:
        super().__init__()
        self.conv_dw, self.bn1 = _Convolution(before, before, kernel, groups=before), _norm(before)
        self.conv_pw, self.bn2 = _Convolution(before, after, 1), _norm(after)
        self.act = nn.ReLU6(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act(self.bn1(self.conv_dw(x)))
        return self.bn2(self.conv_pw(x))


class _Inverted(nn.Module):
    """Expand, convolve each channel, project; added to what came in where shapes allow it."""

    def __init__(self, before: int, after: int, kernel: int, stride: int) -> None:
        super().__init__()
        inside = EXPANSION * before
        self.conv_pw, self.bn1 = _Convolution(before, inside, 1), _norm(inside)
        self.conv_dw, self.bn2 = _Convolution(inside, inside, kernel, stride=stride, groups=inside), _norm(inside)
        self.conv_pwl, self.bn3 = _Convolution(inside, after, 1), _norm(after)
        self.act = nn.ReLU6(inplace=True)
        self._is_residual = stride == 1 and before == after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inside = self.act(self.bn1(self.conv_pw(x)))
        inside = self.act(self.bn2(self.conv_dw(inside)))
        out = self.bn3(self.conv_pwl(inside))
        return out + x if self._is_residual else out


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPSILON)
