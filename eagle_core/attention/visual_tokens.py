"""Which token columns of a prompt batch are visual, of which image, and which say the expert's prior.

All in the padded coordinates of the batch, after image placeholders were expanded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eagle_core.attention.settings import Tokens
from eagle_core.errors import AttentionError
from eagle_core.records import AttentionGuidance, ImageRole

NO_IMAGE = -1


@dataclass(frozen=True, slots=True)
class TokenLayout:
    """What each token column of a batch of B prompts, padded to length L, stands for."""

    mask: Tensor
    """``(B, L) bool``: True on the prompt's own tokens, False on padding."""
    image: Tensor
    """``(B, L) int64``: index of the image among its prompt's images, -1 where the token is not visual."""
    prior: Tensor
    """``(B, L) bool``: tokens of the expert's verdict sentence (not the box sentence, not the question)."""
    roles: tuple[tuple[ImageRole, ...], ...]
    """Per prompt, the role of each image."""

    @property
    def visual(self) -> Tensor:
        """``(B, L) bool``: tokens of any image."""
        return self.image != NO_IMAGE

    def of_role(self, tokens: Tokens) -> Tensor:
        """``(B, L) bool``: tokens of the images with this role; ``all``: of any image."""
        if tokens == "all":
            return self.visual
        chosen = torch.zeros_like(self.mask)
        for row, roles in enumerate(self.roles):
            for index, role in enumerate(roles):
                if role == tokens:
                    chosen[row] |= self.image[row] == index
        return chosen


def token_layout(
    input_ids: Tensor,
    attention_mask: Tensor,
    offsets: Tensor,
    *,
    image_token_ids: Sequence[int],
    image_spans: Sequence[Sequence[tuple[int, int]]],
    prior_spans: Sequence[tuple[int, int] | None],
    roles: Sequence[Sequence[ImageRole]],
) -> TokenLayout:
    """Read the layout off the expanded text's character offsets.

    Args:
        input_ids: ``(B, L) int64``.
        attention_mask: ``(B, L)``, nonzero on the prompts' own tokens.
        offsets: ``(B, L, 2) int64``: start and end character of each token in the expanded text.
        image_token_ids: Ids that stand for visual features; other tokens of an expansion (row markers) do not.
        image_spans: Per prompt, the characters that each image's placeholder was expanded to.
        prior_spans: Per prompt, the characters of the verdict sentence; None: it has none.
        roles: Per prompt, the role of each image.

    Raises:
        AttentionError: An image has no visual tokens, a visual token belongs to no image, or a prior has no tokens.
    """
    mask = attention_mask.bool()
    is_visual = torch.isin(input_ids, torch.tensor(list(image_token_ids), device=input_ids.device)) & mask
    image = torch.full_like(input_ids, NO_IMAGE)
    prior = torch.zeros_like(mask)
    for row, spans in enumerate(image_spans):
        if len(spans) != len(roles[row]):
            raise AttentionError(f"prompt {row} has {len(roles[row])} images but {len(spans)} placeholders were expanded")
        for index, span in enumerate(spans):
            tokens = is_visual[row] & _overlaps(offsets[row], span)
            if not bool(tokens.any()):
                raise AttentionError(f"image {index} of prompt {row} has no visual tokens")
            image[row][tokens] = index
        said = prior_spans[row]
        if said is not None:
            prior[row] = _overlaps(offsets[row], said) & mask[row]
            if not bool(prior[row].any()):
                raise AttentionError(f"the prior sentence of prompt {row} has no tokens")
    if bool((is_visual & (image == NO_IMAGE)).any()):
        raise AttentionError("a visual token lies in no image's expansion")
    return TokenLayout(mask, image, prior, tuple(tuple(r) for r in roles))


def _overlaps(offsets: Tensor, span: tuple[int, int]) -> Tensor:
    start, end = offsets.unbind(-1)
    return (start < span[1]) & (end > span[0])


def column_factors(layout: TokenLayout, guidance: Sequence[AttentionGuidance], tokens: Tokens = "all") -> Tensor:
    """Factor of every column: 1 + alpha on visual tokens, 1 + beta on the prior sentence, else 1.

    Paper: Eq. 9 (alpha) and Table 4 (beta). Returns ``(B, L) float32``.

    Raises:
        AttentionError: Not one guidance per prompt.
    """
    if len(guidance) != layout.mask.shape[0]:
        raise AttentionError(f"got guidance for {len(guidance)} prompts, the batch has {layout.mask.shape[0]}")
    alpha, beta = (
        torch.tensor(values, dtype=torch.float32, device=layout.mask.device)[:, None]
        for values in ([g.alpha for g in guidance], [g.beta for g in guidance])
    )
    return 1 + alpha * layout.of_role(tokens) + beta * layout.prior
