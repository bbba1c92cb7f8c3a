"""The alignment stage: captions say what is true, the model is the ordinary class, and what is taught is what it computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.linear_model import LinearRegression
from transformers import AutoModelForImageTextToText, FastVlmForConditionalGeneration

from eagle_core.data.scene import PLACES as NINTHS
from eagle_core.data.scene import SEVERITIES
from eagle_core.mllm.backbone_tokens import PLACES
from eagle_core.training.acuity import AcuityHeads, Seen
from eagle_core.training.aligned import KEPT_READER, reader_of
from eagle_core.training.alignment.architecture import build_aligned_model, start_reading, tokens_of
from eagle_core.training.alignment.captions import CaptionEncoder, caption_of, claims_of, draw_examples
from eagle_core.training.alignment.places import LOUDNESS, pass_on_places
from eagle_core.training.alignment.stage import COMPARING, MIDDLE, projected, start_from
from eagle_core.training.alignment.supervision import (
    COMPARE_WEIGHT,
    SeenDefects,
    ToldScenes,
    comparing_loss,
)
from eagle_core.training.architecture import build_reader
from eagle_core.training.images import TrainingImages
from eagle_core.training.looking import looks_of
from eagle_core.training.reading.encoding import IGNORED
from eagle_core.training.scenes.canvas import COLOR_WORDS
from eagle_core.training.scenes.categories import PRODUCT_NAMES
from eagle_core.training.scenes.defects import TRAINING_KINDS
from eagle_core.training.towers import BACKBONES, CHOSEN, load_tower_named, tower_features


@pytest.fixture(scope="module")
def model(tokenizer) -> FastVlmForConditionalGeneration:  # type: ignore[no-untyped-def]
    return build_aligned_model(tokenizer, 0, BACKBONES[CHOSEN]).eval()


def test_a_caption_is_read_back_as_it_was_meant(data: TrainingImages) -> None:
    for pair in data.scenes:
        for scene in pair:
            for compared in (False, True):
                said = claims_of(caption_of(scene, compared=compared))
                assert (said.object_name, said.color, said.says_defect) == (scene.object_name, scene.color, scene.defect is not None)
                if scene.defect is not None:
                    assert (said.severity, said.kind, said.place) == (scene.defect.severity, scene.defect.kind, scene.defect.place)
    assert claims_of("There is a hole").kind == "hole"
    assert claims_of("nonsense").says_defect is None


def test_an_encoded_caption_shows_the_images_and_teaches_every_token_of_the_caption(data: TrainingImages, tokenizer) -> None:  # type: ignore[no-untyped-def]
    encoder = CaptionEncoder(tokenizer, 4)
    forms = set()
    for seed in range(12):
        examples = draw_examples(data.scenes, np.random.default_rng(seed), 5)
        batch = encoder.encode(examples)
        forms.add(len(examples[0].images))
        for row, example in enumerate(examples):
            taught = batch.labels[row] != IGNORED
            assert tokenizer.decode(batch.labels[row][taught]) == example.caption + "<|im_end|>"
            predicted = torch.nonzero(batch.is_claim[row])[:, 0] + 1
            assert example.caption.endswith(tokenizer.decode(batch.input_ids[row][predicted]).strip().removesuffix("<|im_end|>"))
            images = torch.nonzero(batch.input_ids[row] == encoder.image)[:, 0]
            assert len(images) == 4 * len(example.images) and images[-4] == batch.query_at
    assert forms == {1, 2}


def test_the_language_stage_reads_on_in_fastvlms_decoder_bit_for_bit(model: FastVlmForConditionalGeneration, tokenizer) -> None:  # type: ignore[no-untyped-def]
    weights = {name: value.float() for name, value in load_file(KEPT_READER).items()}
    reader = build_reader(tokenizer, 0).eval()
    reader.model.load_state_dict(weights)
    other = build_aligned_model(tokenizer, 1, BACKBONES[CHOSEN]).eval()
    start_reading(other, weights)
    ids = torch.tensor([tokenizer("Query image:\nThere is a severe hole in the top left.")["input_ids"]])
    with torch.inference_mode():
        assert torch.equal(reader(input_ids=ids).logits, other(input_ids=ids).logits)


def test_cached_tokens_are_what_the_ordinary_class_sees_and_it_loads_what_was_saved(
    model: FastVlmForConditionalGeneration, data: TrainingImages, tokenizer, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    tower = load_tower_named(CHOSEN)
    seen = tower_features(tower, data.shown)
    network = tokens_of(model)
    network.standardise(seen["template"])
    with torch.inference_mode():
        cached = projected(model, torch.from_numpy(seen["defective"]).float())
        pixels = network.pixels(data.defectives)
        direct = model.get_image_features(pixel_values=pixels).pooler_output
        torch.testing.assert_close(cached, direct, atol=5e-3, rtol=5e-3)
        fast = torch.from_numpy(tower_features(tower, data.shown, fast=True)["defective"]).float()
        assert (projected(model, fast) - direct).norm() < 0.1 * direct.norm(), "noise, but no other image"
        model.save_pretrained(tmp_path)
        loaded = AutoModelForImageTextToText.from_pretrained(tmp_path).eval()
        assert type(loaded) is FastVlmForConditionalGeneration
        ids = torch.tensor([CaptionEncoder(tokenizer, tower.grid**2).prompt(1)])
        asked = {"input_ids": ids, "pixel_values": pixels[:1]}
        assert torch.equal(model(**asked).logits, loaded(**asked).logits)


def test_what_is_taught_to_look_is_the_attention_that_the_layer_computes(model: FastVlmForConditionalGeneration) -> None:
    decoder = model.model.language_model
    ids = torch.randint(10, 600, (2, 30), generator=torch.Generator().manual_seed(0))
    decoder.set_attn_implementation("eager")
    with torch.inference_mode():
        output = decoder(input_ids=ids, use_cache=False, output_hidden_states=True, output_attentions=True)
        looks = looks_of(decoder, output.hidden_states[3], 3)
    decoder.set_attn_implementation("sdpa")
    torch.testing.assert_close(looks.exp(), output.attentions[3][:, 0], atol=1e-6, rtol=1e-5)


def test_alignment_goes_on_from_the_language_stage_that_is_there_and_else_from_the_kept_one(tmp_path: Path) -> None:
    assert reader_of(1, tmp_path) == KEPT_READER and KEPT_READER.exists()
    own = tmp_path / "seed-1/reading/decoder.safetensors"
    own.parent.mkdir(parents=True)
    own.touch()
    assert (reader_of(1, tmp_path), reader_of(0, tmp_path)) == (own, KEPT_READER)


def test_comparing_is_taught_from_each_place_of_the_query_to_the_same_place_of_the_template(model: FastVlmForConditionalGeneration) -> None:
    decoder, tokens, template_at, query_at = model.model.language_model, 4, 3, 9
    ids = torch.randint(10, 600, (2, 16), generator=torch.Generator().manual_seed(0))
    decoder.set_attn_implementation("eager")
    with torch.inference_mode():
        output = decoder(input_ids=ids, use_cache=False, output_hidden_states=True, output_attentions=True)
        taught = comparing_loss(decoder, output.hidden_states[COMPARING], COMPARING, template_at, query_at, tokens)
    decoder.set_attn_implementation("sdpa")
    attention = output.attentions[COMPARING][:, 0]
    same_place = torch.stack([attention[:, query_at + i, template_at + i] for i in range(tokens)])
    torch.testing.assert_close(taught, -COMPARE_WEIGHT * same_place.log().mean())


def test_alignment_starts_from_the_projector_that_learnt_to_see_defects(data: TrainingImages, tokenizer) -> None:  # type: ignore[no-untyped-def]
    tower = load_tower_named(CHOSEN)
    seen = Seen(tower_features(tower, data.shown), data.pixels_under(tower.grid), data.scenes)
    assert (seen.grid, seen.cells) == (tower.grid, tower.cells) == (10, 2)
    heads = AcuityHeads(seen, 3)
    model = build_aligned_model(tokenizer, 1, BACKBONES[CHOSEN])
    tokens_of(model).standardise(seen.features["template"])
    start_from(model, heads)
    with torch.inference_mode():
        model.model.multi_modal_projector.linear_1.weight[:, -2 * PLACES :] = 0
        continued = projected(model, torch.from_numpy(seen.features["normal"]).float())
        torch.testing.assert_close(continued, heads.project(seen.features["normal"]), atol=1e-4, rtol=1e-4)


def test_where_a_token_is_can_be_told_from_it_whatever_it_shows(tokenizer, data: TrainingImages) -> None:  # type: ignore[no-untyped-def]
    """A straight line reads the place from tokens of images that it has not seen; before, it could not."""
    model = build_aligned_model(tokenizer, 1, BACKBONES[CHOSEN])
    tower = load_tower_named(CHOSEN)
    raw = torch.from_numpy(tower_features(tower, data.shown)["defective"]).float()
    tokens_of(model).standardise(raw.numpy())
    with torch.inference_mode():
        waves = tokens_of(model).finished(torch.zeros(1, *tokens_of(model).mean.shape, 20, 20)).flatten(2).transpose(1, 2)[0][:, [-2 * PLACES, -PLACES]]
        before = projected(model, raw)
        pass_on_places(model)
        after = projected(model, raw)

    def wrong_by(tokens: torch.Tensor) -> float:
        half = len(tokens) // 2
        line = LinearRegression().fit(tokens[:half].flatten(0, 1), waves.repeat(half, 1))
        return float(((line.predict(tokens[half:].flatten(0, 1)) - waves.repeat(len(tokens) - half, 1).numpy()) ** 2).mean())

    assert wrong_by(after) < 1e-6 < 1e-3 < wrong_by(before)
    assert (after - before).norm(dim=-1).mean() < 2 * LOUDNESS


def test_the_middle_learns_from_what_the_scenes_say(data: TrainingImages) -> None:
    scenes = [pair[which] for pair in data.scenes for which in (0, 1)]
    told = ToldScenes.of(scenes)
    for row, scene in enumerate(scenes):
        assert PRODUCT_NAMES[told.product[row]] == scene.object_name and list(COLOR_WORDS)[told.color[row]] == scene.color
        if scene.defect is not None:
            assert TRAINING_KINDS[told.kind[row]] == scene.defect.kind and SEVERITIES[told.severity[row]] == scene.defect.severity
            assert NINTHS[told.place[row]] == scene.defect.place


def test_every_loss_in_the_middle_teaches_the_decoder_and_a_batch_without_defects_is_no_trouble(
    model: FastVlmForConditionalGeneration, data: TrainingImages
) -> None:
    decoder, tokens = model.model.language_model, 9
    defects = SeenDefects(decoder.config.hidden_size, 3, 0)
    generator = torch.Generator().manual_seed(0)
    hidden, after = (torch.randn(2, 20, decoder.config.hidden_size, generator=generator).requires_grad_() for _ in range(2))
    claims = torch.zeros(2, 20, dtype=torch.bool)
    claims[:, 15:] = True
    told = ToldScenes.of([data.scenes[0][1], data.scenes[1][0]])
    where = torch.zeros(2, tokens, dtype=torch.bool)
    counted = torch.ones_like(where)
    none = defects.loss(decoder, hidden, after, MIDDLE, 4, where, counted, told, claims)
    there = where.clone()
    there[0, 2] = True
    some = defects.loss(decoder, hidden, after, MIDDLE, 4, there, counted, told, claims)
    (of_none, after_none), (of_some, after_some) = (torch.autograd.grad(loss, (hidden, after)) for loss in (none, some))
    assert torch.isfinite(of_none).all() and torch.isfinite(of_some).all()
    assert not after_none.any(), "without a defect nothing is to be taken from it"
    assert after_some[0, 15:].any(-1).all(), "every word about the defect knows it after the look"
    assert not after_some[0, :15].any() and not after_some[1].any()
    assert not of_none[:, 15:].any(), "without a defect nothing is to be looked at"
    assert of_some[0, 15:].any() and not of_some[1, 15:].any(), "words look where the defect is"
    assert of_some[:, 4:13].any(-1).all(), "every visual token of the query learns"
