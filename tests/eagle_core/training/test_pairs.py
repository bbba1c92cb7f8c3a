"""What training compares: pairs of crops, and the visual tokens of the query."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from eagle_core.training.architecture import GRID, HIDDEN, TOKEN_PIXELS, build_model
from eagle_core.training.images import draw_images
from eagle_core.training.language import _query_tokens
from eagle_core.training.scenes.categories import draw_category
from eagle_core.training.scenes.defects import CHIP, TRAINING_KINDS
from eagle_core.training.tokenizer import build_tokenizer
from eagle_core.training.vision import CROP, PAIRS, DefectHeads, _crops, highest_logits


def test_a_pair_of_crops_shows_the_same_place_turned_and_coloured_alike() -> None:
    data = draw_images(3, 6)
    same = dataclasses.replace(data, templates=data.defectives, normals=data.defectives)
    kinds = np.zeros(len(data), dtype=int)
    queries, templates, under, named = _crops(same, kinds, np.random.default_rng(0))
    assert queries.shape == (PAIRS, CROP * TOKEN_PIXELS, CROP * TOKEN_PIXELS, 3)
    assert np.array_equal(queries, templates)
    assert (named[::2] == -1).all() and (named[1::2] == 0).all()
    assert (under[::2] == 0).all() and (under[1::2].max(axis=1) > 0).all()


def test_the_comparison_depends_on_the_template() -> None:
    data = draw_images(4, 3)
    heads = DefectHeads(build_model(build_tokenizer(), 0).model.visual, 0).eval()
    with torch.inference_mode():
        own = highest_logits(heads, data.defectives, data.templates)
        other = highest_logits(heads, data.defectives, data.templates[::-1].copy())
        one_by_one = highest_logits(heads, data.defectives, data.templates, batch=1)
    assert own.shape == (3,)
    assert not np.allclose(own, other)
    assert np.allclose(own, one_by_one, atol=1e-5)


def test_query_tokens_are_those_of_the_image_after_the_template() -> None:
    tokens = GRID * GRID
    shown = torch.zeros(2, 2 * tokens + 9, dtype=torch.bool)
    shown[:, 3 : 3 + tokens] = True
    shown[:, 5 + tokens : 5 + 2 * tokens] = True
    hidden = torch.arange(shown.shape[1]).float()[None, :, None].expand(2, -1, HIDDEN)
    assert (_query_tokens(hidden, shown, 1)[:, :, 0] == torch.arange(5 + tokens, 5 + 2 * tokens)).all()
    assert (_query_tokens(hidden, shown, 0)[:, :, 0] == torch.arange(3, 3 + tokens)).all()


def test_every_kind_is_drawn_and_chips_befall_objects_only() -> None:
    drawn = set()
    for seed in range(60):
        category = draw_category(np.random.default_rng(seed))
        drawn |= set(category.kinds)
        assert (CHIP in category.kinds) == (category.family == "object")
    assert drawn == set(TRAINING_KINDS)
