from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.attention.mass import VisualMassRecorder
from eagle_core.attention.ratio import attention_ratio, region_tokens
from eagle_core.attention.registry import AttentionCall
from eagle_core.attention.rows import last_row_weights
from eagle_core.attention.scaling import Heads
from eagle_core.errors import AttentionError

WEIGHTS = torch.tensor([[0.1, 0.2, 0.3, 0.4]])
VISUAL = torch.tensor([[True, True, True, False]])


def test_share_of_the_image_that_is_the_region():
    # 0.2 of the 0.1 + 0.2 + 0.3 on the image
    assert attention_ratio(WEIGHTS, VISUAL, torch.tensor([[False, True, False, False]])).item() == pytest.approx(1 / 3)


def test_region_must_lie_in_the_image():
    with pytest.raises(AttentionError, match="not image tokens"):
        attention_ratio(WEIGHTS, VISUAL, ~VISUAL)


def test_no_attention_on_the_image_is_no_ratio():
    with pytest.raises(AttentionError, match="undefined"):
        attention_ratio(torch.tensor([[0.0, 0.0, 0.0, 1.0]]), VISUAL, VISUAL & False)


def heads(queries: int, keys: int) -> Heads:
    generator = torch.Generator().manual_seed(0)
    return Heads(
        torch.randn(2, 4, queries, 8, generator=generator),
        torch.randn(2, 2, keys, 8, generator=generator),
        torch.randn(2, 2, keys, 8, generator=generator),
    )


@pytest.mark.parametrize(("queries", "keys"), [(6, 6), (1, 6), (4, 6)])
def test_last_row_equals_the_full_matrix(queries, keys):
    """Causal without a mask: as many keys as queries; one query sees all; a static cache's empty tail is unseen."""
    h = heads(queries, keys)
    logits = h.query @ h.key.repeat_interleave(2, dim=1).transpose(2, 3) * 0.3
    if queries > 1:
        allowed = torch.ones(queries, keys, dtype=torch.bool).tril()
        logits = logits.masked_fill(~allowed, -torch.inf)
    torch.testing.assert_close(last_row_weights(h, None, 0.3), logits.softmax(-1)[:, :, -1])


def test_additive_and_boolean_masks_agree():
    h = heads(6, 6)
    allowed = torch.ones(6, 6, dtype=torch.bool).tril()[None, None].repeat(2, 1, 1, 1)
    allowed[0, :, :, :2] = False
    additive = torch.zeros(2, 1, 6, 6).masked_fill(~allowed, torch.finfo(torch.float32).min)
    torch.testing.assert_close(last_row_weights(h, allowed, 0.3), last_row_weights(h, additive, 0.3))
    assert (last_row_weights(h, allowed, 0.3)[0, :, :2] == 0).all()


def test_mean_visual_logit_and_mass_by_hand():
    """One head, logits 0, 1, 2 with the first two visual: w = e^z / (1 + e + e^2)."""
    key = torch.tensor([0.0, 1.0, 2.0])[None, None, :, None]
    call = AttentionCall(0, h := Heads(torch.ones(1, 1, 1, 1), key, key), h, None, 1.0)
    recorder = VisualMassRecorder(torch.tensor([[True, True, False]]))
    recorder(call)
    mass = recorder.by_layer[0]
    e = 2.718281828
    assert mass.stock.item() == pytest.approx((1 + e) / (1 + e + e * e), abs=1e-6)
    assert mass.mean_visual_logit.item() == pytest.approx(e / (1 + e), abs=1e-6)
    assert torch.equal(mass.guided, mass.stock)


def test_tokens_that_touch_the_region():
    mask = np.zeros((4, 6), bool)
    mask[3, 2] = True
    places = np.array([[0, 0, 2, 2], [2, 2, 4, 4], [0, 2, 2.5, 4], [np.nan] * 4, [2, 0, 4, 3 + 1e-9]])
    # pixel (3, 2) spans x 2-3 and y 3-4: inside the second, cut by the third's edge, below the last
    assert region_tokens(mask, places).tolist() == [False, True, True, False, False]


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 20), st.integers(1, 20), st.data())
def test_every_region_has_a_token(rows, columns, height, width, data):
    mask = np.zeros((height, width), bool)
    mask[data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))] = True
    places = np.array([
        [c * width / columns, r * height / rows, (c + 1) * width / columns, (r + 1) * height / rows]
        for r in range(rows)
        for c in range(columns)
    ])
    assert region_tokens(mask, places).any()
    assert region_tokens(np.ones_like(mask), places).all()
