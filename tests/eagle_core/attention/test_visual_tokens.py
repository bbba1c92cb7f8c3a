from __future__ import annotations

import pytest
import torch

from eagle_core.attention.visual_tokens import column_factors, token_layout
from eagle_core.errors import AttentionError
from eagle_core.records import AttentionGuidance

IMAGE = 9


def layout(**changes):
    """Two rows: pad, pad, <img img>, "no", <img>, "say" / <img>, then text; one token per character."""
    arguments = {
        "input_ids": torch.tensor([[0, 0, IMAGE, IMAGE, 5, IMAGE, 6, 7], [IMAGE, 3, 4, 5, 6, 7, 8, 8]]),
        "attention_mask": torch.tensor([[0, 0, 1, 1, 1, 1, 1, 1], [1] * 8]),
        "offsets": torch.tensor(
            [[(0, 0)] * 2 + [(i, i + 1) for i in range(6)], [(i, i + 1) for i in range(8)]]
        ),
        "image_token_ids": [IMAGE],
        "image_spans": [[(0, 2), (3, 4)], [(0, 1)]],
        "prior_spans": [(4, 6), None],
        "roles": [("template", "query"), ("query",)],
    }
    return token_layout(**(arguments | changes))


def test_every_visual_token_knows_its_image():
    assert layout().image.tolist() == [[-1, -1, 0, 0, -1, 1, -1, -1], [0, -1, -1, -1, -1, -1, -1, -1]]


def test_factors_of_a_mixed_batch():
    factors = column_factors(layout(), [AttentionGuidance(0.6, -0.4), AttentionGuidance()])
    expected = torch.tensor([[1, 1, 1.6, 1.6, 1, 1.6, 0.6, 0.6], [1.0] * 8])
    torch.testing.assert_close(factors, expected)


def test_tokens_of_one_role_only():
    factors = column_factors(layout(), [AttentionGuidance(1.0)] * 2, tokens="query")
    assert factors.tolist() == [[1, 1, 1, 1, 1, 2, 1, 1], [2, 1, 1, 1, 1, 1, 1, 1]]
    assert bool((column_factors(layout(), [AttentionGuidance(1.0)] * 2, tokens="boxed_query") == 1).all())


def test_an_image_without_tokens_is_an_error():
    with pytest.raises(AttentionError, match="no visual tokens"):
        layout(image_spans=[[(0, 2), (4, 5)], [(0, 1)]])


def test_a_visual_token_of_no_image_is_an_error():
    with pytest.raises(AttentionError, match="no image's expansion"):
        layout(image_spans=[[(0, 2)], [(0, 1)]], roles=[("query",), ("query",)])


def test_images_and_placeholders_must_match():
    with pytest.raises(AttentionError, match="2 images but 1"):
        layout(image_spans=[[(0, 2)], [(0, 1)]])


def test_a_prior_without_tokens_is_an_error():
    with pytest.raises(AttentionError, match="no tokens"):
        layout(prior_spans=[(40, 42), None])


def test_one_guidance_per_prompt():
    with pytest.raises(AttentionError, match="1 prompts, the batch has 2"):
        column_factors(layout(), [AttentionGuidance()])
