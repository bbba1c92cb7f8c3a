from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import CaasConfig
from eagle_core.errors import AttentionError


@pytest.mark.parametrize("depth", [28, 32, 36])
def test_papers_models_get_layers_9_to_15(depth):
    assert AttentionSettings().layers_for(depth) == (9, 10, 11, 12, 13, 14, 15)


@pytest.mark.parametrize(
    ("depth", "first", "last"),
    # round(9 * 18 / 28) = round(5.79), round(15 * 18 / 28) = round(9.64); 80: round(25.71), round(42.86)
    [(18, 6, 10), (16, 5, 9), (80, 26, 43), (24, 8, 13)],
)
def test_other_depths_are_scaled(depth, first, last):
    assert AttentionSettings().layers_for(depth) == tuple(range(first, last + 1))


@given(st.integers(min_value=2, max_value=200))
def test_scaled_layers_lie_inside_any_decoder(depth):
    layers = AttentionSettings().layers_for(depth)
    assert layers and layers[0] >= 0 and layers[-1] < depth


def test_layers_outside_the_decoder_are_refused():
    with pytest.raises(AttentionError, match=r"layers 0 to 15"):
        AttentionSettings(first_layer=9, last_layer=16, scale_layers=False).layers_for(16)


def test_from_config_takes_every_field():
    config = CaasConfig(mode="weights", first_layer=2, last_layer=3, scale_layers=False, tokens="query")
    assert AttentionSettings.from_config(config) == AttentionSettings("weights", 2, 3, False, "query")
