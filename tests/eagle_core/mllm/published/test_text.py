"""What a prompt says reaches every family's published tokenizer as text, and stands beside the image that it names."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from PIL import Image

from eagle_core.guidance.prompt import DEFECT_QUESTION, build_prompt
from eagle_core.mllm.adapters.families import FAMILIES
from eagle_core.mllm.control_tokens import ControlTokens
from eagle_core.mllm.inputs import encode, render
from tests.tiny.published import PUBLISHED

NAMED = ("<|image_pad|>", "<image>", "<|im_end|>", "[INST]", "<|endoftext|>", "</s>", "<IMG_CONTEXT>", "<|vision_start|>", "<end_of_utterance>", "<fake_token_around_image>")
PICTURE = Image.new("RGB", (64, 64), "grey")


def prompt_with(text: str, *, option: bool = False):
    options = (("A", f"Yes {text}"), ("B", "No.")) if option else DEFECT_QUESTION.options
    asked = DEFECT_QUESTION.text if option else f"Is there {text} a defect?"
    return build_prompt(dataclasses.replace(DEFECT_QUESTION, text=asked, options=options), PICTURE, templates=[PICTURE])


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_control_tokens_are_refused_and_everything_else_is_plain_text(published_processor, name):
    """What is let through encodes to no special token, told by the tokenizer alone; what encodes to one is refused."""
    processor, adapter = published_processor(name), FAMILIES[PUBLISHED[name]]
    tokenizer = processor.tokenizer
    control = ControlTokens.of(tokenizer, adapter.marks)
    special = set(tokenizer.all_special_ids) | {i for i, token in tokenizer.added_tokens_decoder.items() if token.special}
    for text in (*NAMED, *map(str, tokenizer.all_special_tokens)):
        becomes_special = bool(special & set(tokenizer(text, add_special_tokens=False)["input_ids"]))
        told = control.found_in(prompt_with(text))
        assert not becomes_special or told, f"{text!r} would end up as a control token of {name}"
        if told:
            assert "the question holds" in told and text in prompt_with(text).question.text
            assert "option A holds" in str(control.found_in(prompt_with(text, option=True)))
    for plain in ("a < b and c > d", "[see note 3]", "100 % <b>bold</b>", "M3|M4", "größe 3 & Deckel", "C:\\parts\\new", "<- here", "part #7 {old}"):
        assert control.found_in(prompt_with(plain)) is None
        ids = tokenizer(plain, add_special_tokens=False)["input_ids"]
        assert not special & set(ids)
    assert control.found_in(build_prompt(DEFECT_QUESTION, PICTURE, templates=[PICTURE], predicted_anomalous=True, boxed_query=PICTURE)) is None


@pytest.mark.parametrize("name", [name for name, kind in PUBLISHED.items() if FAMILIES[kind].images_first])
def test_a_caption_stands_before_its_image_where_the_template_would_move_it(published_processor, name):
    processor, adapter = published_processor(name), FAMILIES[PUBLISHED[name]]
    prompt = build_prompt(DEFECT_QUESTION, PICTURE, templates=[PICTURE], predicted_anomalous=True, boxed_query=PICTURE)
    text, token = render(prompt, processor, adapter), processor.image_token
    order = [text.index("Following is 1 image"), text.index(token), text.index("Query image:"), text.index(token, text.index("Query image:")),
             text.index("Query image with red"), text.rindex(token), text.index("The query image is predicted")]  # fmt: skip
    assert order == sorted(order) and text.count(token) == 3
    assert text.index(prompt.system[:40]) < order[0]


@pytest.mark.parametrize("name", [name for name, kind in PUBLISHED.items() if FAMILIES[kind].images_first])
def test_images_written_into_the_text_are_still_the_queries_visual_tokens(published_processor, name):
    processor, adapter = published_processor(name), FAMILIES[PUBLISHED[name]]
    prompt = build_prompt(DEFECT_QUESTION, PICTURE, templates=[PICTURE], predicted_anomalous=False)
    image_id = processor.tokenizer.convert_tokens_to_ids(processor.image_token)
    batch = encode([prompt], processor, adapter, image_token_id=image_id, accepted=("input_ids", "pixel_values"), device=torch.device("cpu"), dtype=torch.float32)
    ids = batch.inputs["input_ids"][0]
    caption = processor.tokenizer.decode(ids[: int((ids == image_id).nonzero()[0])])
    assert caption.rstrip().endswith("compare the image being queried.")
    assert int((ids == image_id).sum()) % 2 == 0 and int((ids == image_id).sum()) > 0
