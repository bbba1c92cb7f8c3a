"""Each visual token's rectangle, found again by painting: which tokens of the real pipeline see which pixels.

The vision tower's attention is silenced (its output projections are zero), so that a patch's feature depends on its
own pixels alone; then one small square of the image is painted, and the tokens whose embeddings change are those
that see it. Processor, tiling, pixel shuffle, unpadding and packing are transformers' own.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from eagle_core.guidance.prompt import DEFECT_QUESTION, build_prompt
from eagle_core.mllm.adapters import grids
from eagle_core.mllm.chat import TransformersChatModel
from tests.tiny.chat import chat_model
from tests.tiny.models import BUILDERS
from tests.tiny.prompts import image

SIZES = [(112, 56), (60, 130), (84, 84)]
SQUARE = 3
"""Pixels of the image."""
REACH = 0.25
"""Of a cell's longer side: how far resampling may carry a square over the cell's edge."""
OUTPUT = ("out_proj", "proj", "projection_layer", "o_proj")
"""Names of the last linear layer of an attention module in the families' vision towers."""


class Embedded(Exception):
    """The decoder's input is there; the decoder itself need not run."""


def silence_vision_attention(chat: TransformersChatModel) -> None:
    silenced = 0
    decoder = set(chat.decoder.modules())
    for module in chat.model.modules():
        if module in decoder or "Attention" not in type(module).__name__:
            continue
        for name, layer in module.named_children():
            if name in OUTPUT and isinstance(layer, nn.Linear):
                nn.init.zeros_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
                silenced += 1
    assert silenced >= 2


CONVOLUTIONAL = "fast_vlm"
"""Its tokens see beyond their rectangles even without attention."""


@pytest.fixture(scope="module", params=sorted(set(BUILDERS) - {CONVOLUTIONAL}))
def chat(request):
    chat = chat_model(request.param)
    silence_vision_attention(chat)
    return chat


def prompt(query: Image.Image, several: bool):
    return build_prompt(DEFECT_QUESTION, query, templates=[image(5, 56, 56)] if several else [])


def features(chat: TransformersChatModel, query: Image.Image, several: bool) -> torch.Tensor:
    """``(N, hidden)``: what the decoder gets for the query's visual tokens."""
    caught = []

    def catch(_module, _args, kwargs):
        caught.append(kwargs["inputs_embeds"])
        raise Embedded

    batch = chat.encode([prompt(query, several)])
    hook = chat.decoder.register_forward_pre_hook(catch, with_kwargs=True)
    try:
        with torch.inference_mode(), pytest.raises(Embedded):
            chat.model(**batch.inputs, use_cache=False)
    finally:
        hook.remove()
    return caught[0][0][batch.layout.image[0] == int(several)]


def squares(size, count=8):
    """Seeded (x, y) of the upper left corner of squares of SQUARE pixels."""
    generator = np.random.default_rng(size)
    return [tuple(int(generator.integers(0, side - SQUARE + 1)) for side in size) for _ in range(count)]


@pytest.mark.parametrize("several", [False, True], ids=["alone", "beside a template"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_painted_squares_are_seen_where_the_grid_says(chat, size, several):
    places = chat.adapter.grid(chat.processor, size, 1 + several)
    grey = Image.new("RGB", size, (90, 90, 90))
    before = features(chat, grey, several)
    assert len(places) == len(before)
    placed = ~np.isnan(places).any(axis=1)
    widths = places[:, 2:] - places[:, :2]
    for x, y in squares(size):
        painted = grey.copy()
        painted.paste((255, 30, 30), (x, y, x + SQUARE, y + SQUARE))
        change = (features(chat, painted, several) - before).norm(dim=1).numpy()
        assert not change[~placed].any(), "a newline sees no pixel"
        overlap = np.minimum(places[:, 2:], [x + SQUARE, y + SQUARE]) - np.maximum(places[:, :2], [x, y])
        inside = (overlap > 1).all(axis=1)
        assert (change[inside] > 1e-4).all(), "a token whose rectangle holds part of the square sees it"
        reach = np.maximum(widths.max(axis=1, keepdims=True) * REACH, SQUARE)
        far = (overlap < -reach).any(axis=1) & placed
        assert (change[far] < 1e-4).all(), "a token far from the square does not see it"


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_convolutional_tower_sees_a_square_most_where_the_grid_says(size):
    chat = chat_model(CONVOLUTIONAL)
    places = chat.adapter.grid(chat.processor, size, 1)
    grey = Image.new("RGB", size, (90, 90, 90))
    before = features(chat, grey, several=False)
    assert len(places) == len(before)
    assert places[:, :2].min() == 0 and places[:, 2:].max(axis=0).tolist() == list(size), "the whole image is seen"
    for number, (x0, y0, x1, y1) in enumerate(places):
        painted = grey.copy()
        painted.paste((255, 30, 30), (round(x0), round(y0), round(x1), round(y1)))
        change = (features(chat, painted, several=False) - before).norm(dim=1).numpy()
        assert change[number] > np.median(change), "the token whose rectangle was painted changes more than most"


def test_what_a_centre_crop_cuts_off_has_no_token():
    """336 x 168 pixels resized to 84 x 42, of which the middle 42 are kept: a quarter is lost on either side."""
    chat = chat_model("llava")
    places = grids.centre_crop(chat.processor, (336, 168), 1)
    assert places.shape == (9, 4)
    assert places[:, 0].min() == 84 and places[:, 2].max() == 252
    assert places[:, 1].min() == 0 and places[:, 3].max() == 168


def test_interpolated_tiles_lie_evenly_on_the_image():
    """LLaVA-OneVision with room for one tile only: 6 x 6 cells of four tiles become 3 x 3, a newline after each row."""
    chat = chat_model("llava_onevision")
    chat.processor.vision_aspect_ratio = "anyres_max_1"
    places = grids.any_resolution_single(chat.processor, (84, 84), 1)
    rows = places[9:].reshape(3, 4, 4)
    assert np.isnan(rows[:, 3]).all()
    assert rows[1, 2].tolist() == [56, 28, 84, 56]
