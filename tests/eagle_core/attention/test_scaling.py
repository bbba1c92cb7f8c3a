"""The four forms on bare tensors, against the formulas written with explicit softmax."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.attention.scaling import ColumnScaling, Heads, scale
from eagle_core.errors import AttentionError

MODES = ("logits", "centred", "weights", "values")


def heads(seed: int, rows: int = 2, length: int = 7, size: int = 8, dtype=torch.float64) -> Heads:
    generator = torch.Generator().manual_seed(seed)
    return Heads(*(torch.randn(rows, 2, length, size, generator=generator, dtype=dtype) for _ in range(3)))


def scaling_of(mode: str, factors: torch.Tensor, mask: torch.Tensor | None = None) -> ColumnScaling:
    mask = torch.ones_like(factors, dtype=torch.bool) if mask is None else mask
    return ColumnScaling(mode, (0,), factors, mask)


def attend(h: Heads, softmax_scale: float, size: int) -> torch.Tensor:
    weights = (h.query @ h.key.transpose(2, 3) * softmax_scale).softmax(dim=-1)
    return (weights @ h.value)[..., :size]


FACTORS = torch.tensor([[1.0, 1.6, 1.6, 0.6, 1.0, 1.0, 1.0], [1.0] * 7])


@pytest.mark.parametrize("mode", MODES)
@given(offset=st.floats(-4, 4), seed=st.integers(0, 50))
def test_which_modes_are_offset_free(mode, offset, seed):
    """A constant vector added to all keys shifts each row's logits by one constant, which softmax cannot see."""
    h, size = heads(seed), 8
    shift = torch.full((size,), offset, dtype=torch.float64)
    plain = attend(scale(h, scaling_of(mode, FACTORS), 0.4), 0.4, size)
    shifted = attend(scale(h._replace(key=h.key + shift), scaling_of(mode, FACTORS), 0.4), 0.4, size)
    if mode == "logits":
        # factor f on a logit shifted by q.c: f (z + q.c) is not f z + const
        assert offset == 0 or abs(offset) < 0.5 or not torch.allclose(plain[0], shifted[0], atol=1e-6)
    else:
        torch.testing.assert_close(plain, shifted)


def test_the_offset_decides_what_scaled_logits_do():
    """Design section 5: visual mass 0.50; an offset of -4 makes it 0.165, of +4 0.957 (alpha = 0.6... two equal logits)."""
    query = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    mass = {}
    for offset in (-4.0, 0.0, 4.0):
        key = torch.full((1, 1, 2, 1), offset, dtype=torch.float64)
        h = scale(Heads(query, key, key), scaling_of("logits", torch.tensor([[1.6, 1.0]])), 1.0)
        mass[offset] = (h.query @ h.key.transpose(2, 3)).softmax(-1)[0, 0, 0, 0].item()
    # sigmoid(0.6 * offset): 1 / (1 + e^2.4) = 0.0832, 1/2, 0.9168
    assert mass == pytest.approx({-4.0: 0.08317, 0.0: 0.5, 4.0: 0.91683}, abs=1e-5)


def test_weights_are_scaled_and_renormalised():
    h = heads(3)
    weights = (h.query @ h.key.transpose(2, 3) * 0.3).softmax(dim=-1) * FACTORS[:, None, None, :]
    expected = (weights / weights.sum(dim=-1, keepdim=True)) @ h.value
    torch.testing.assert_close(attend(scale(h, scaling_of("weights", FACTORS), 0.3), 0.3, 8), expected)


def test_centred_uses_the_unpadded_prompt_only():
    """What stands in padded columns must not matter."""
    h = heads(5)
    mask = torch.tensor([[False, False, True, True, True, True, True], [True] * 7])
    factors = torch.where(mask, torch.tensor(1.6), torch.tensor(1.0))
    garbage = h.key.clone()
    garbage[0, :, :2] = 1e3
    plain = scale(h, scaling_of("centred", factors, mask), 1.0).key
    dirty = scale(h._replace(key=garbage), scaling_of("centred", factors, mask), 1.0).key
    torch.testing.assert_close(plain[0, :, 2:], dirty[0, :, 2:])


@pytest.mark.parametrize("mode", ["logits", "centred", "values"])
def test_factor_one_changes_no_bit(mode):
    h = heads(7, dtype=torch.float32)
    for ours, stock in zip(scale(h, scaling_of(mode, torch.ones(2, 7)), 1.0), h, strict=True):
        assert torch.equal(ours, stock)


def test_generated_columns_have_factor_one():
    h = heads(11, length=9)
    scaled = scale(h, scaling_of("logits", FACTORS), 1.0).key
    assert torch.equal(scaled[:, :, 7:], h.key[:, :, 7:])
    torch.testing.assert_close(scaled[0, :, 1], 1.6 * h.key[0, :, 1], rtol=1e-6, atol=0)


def test_chunked_prefill_uses_the_first_columns_and_centred_refuses():
    h = heads(13, length=4)
    torch.testing.assert_close(scale(h, scaling_of("logits", FACTORS), 1.0).key[0, :, 3], 0.6 * h.key[0, :, 3], rtol=1e-6, atol=0)
    with pytest.raises(AttentionError, match="chunked prefill"):
        scale(h, scaling_of("centred", FACTORS), 1.0)


@pytest.mark.parametrize("bad", [0.0, -0.5, float("nan"), float("inf")])
def test_impossible_factors_are_refused(bad):
    with pytest.raises(AttentionError, match="finite and positive"):
        scaling_of("logits", torch.tensor([[1.0, bad]]))


def test_factors_on_padding_are_refused():
    with pytest.raises(AttentionError, match="padding"):
        scaling_of("logits", torch.tensor([[1.6, 1.0]]), torch.tensor([[False, True]]))


def test_shapes_must_agree():
    with pytest.raises(AttentionError, match="shape"):
        ColumnScaling("logits", (0,), torch.ones(2, 3), torch.ones(2, 4, dtype=torch.bool))
