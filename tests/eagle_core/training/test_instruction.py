"""The instruction stage: what it reads in one pass, what it leaves, and what its gate measures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score
from transformers.modeling_outputs import BaseModelOutputWithPooling

from eagle_core.config import MllmConfig
from eagle_core.data.scene import PLACES
from eagle_core.guidance.explanation import explanation_prompt
from eagle_core.guidance.prompt import (
    ANOMALOUS_PRIOR,
    DEFECT_QUESTION,
    build_prompt,
)
from eagle_core.mllm.adapters.families import FAMILIES
from eagle_core.mllm.inputs import render
from eagle_core.mllm.loading import load_model
from eagle_core.records import Question
from eagle_core.training.acuity import Seen
from eagle_core.training.aligned import KEPT_READER, learnt_weights
from eagle_core.training.alignment.answers import letter_probabilities, visual_of
from eagle_core.training.alignment.architecture import build_aligned_model, build_aligned_processor, tokens_of
from eagle_core.training.alignment.stage import MIDDLE
from eagle_core.training.alignment.supervision import SeenDefects
from eagle_core.training.images import TrainingImages, draw_images
from eagle_core.training.instruction.asked import IMAGE, QUESTIONS, Asked, draw_asked, explanation_tokens
from eagle_core.training.instruction.calibration import (
    cool,
    cooled,
)
from eagle_core.training.instruction.gate import STATED, instruction_gate, p_defect, right_unseen
from eagle_core.training.instruction.middle import known_in_the_middle
from eagle_core.training.instruction.shared_prefix import hidden_states
from eagle_core.training.reading.encoding import line_encoder
from eagle_core.training.reading.lines import lettered_line, prompt_pieces
from eagle_core.training.shown import PLACEHOLDER
from eagle_core.training.stage_files import write_model
from eagle_core.training.towers import BACKBONES, CHOSEN, load_tower_named, tower_features

TRAINED = KEPT_READER.parents[1]


def test_questions_about_the_same_images_are_read_as_if_each_stood_alone(seen: Seen, data: TrainingImages, tokenizer) -> None:  # type: ignore[no-untyped-def]
    model = build_aligned_model(tokenizer, 3, BACKBONES[CHOSEN])
    tokens_of(model).standardise(seen.features["template"])
    projector, last = model.model.multi_modal_projector.linear_2, model.model.language_model.config.num_hidden_layers
    forms = set()
    for seed in range(6):
        asked = draw_asked(data.scenes, np.random.default_rng(seed), 2, tokens=seen.grid**2, prior_reliability=0.88)
        sharing = len(asked) // 2
        batch = line_encoder(tokenizer)([one.line for one in asked])

        def visual(rows: list[Asked]) -> torch.Tensor:
            return visual_of(model, seen, [(one.category, one.images) for one in rows])

        shared = hidden_states(model, batch.input_ids, visual(asked[::sharing]), sharing, (4, last))
        alone = model.model(
            input_ids=batch.input_ids,
            mm_encoder_outputs={"image": BaseModelOutputWithPooling(pooler_output=visual(asked))},
            output_hidden_states=True,
            use_cache=False,
        )
        torch.testing.assert_close(shared[0], alone.hidden_states[4], atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(shared[1], alone.last_hidden_state, atol=1e-4, rtol=1e-4)
        weights = torch.randn(shared[1].shape, generator=torch.Generator().manual_seed(seed))
        gradients = [torch.autograd.grad((states * weights).sum(), projector.weight)[0] for states in (shared[1], alone.last_hidden_state)]
        torch.testing.assert_close(*gradients, atol=1e-2, rtol=1e-3)
        forms.add((sharing, len(asked[0].images)))
    assert {sharing for sharing, _ in forms} == {1, QUESTIONS} and len(forms) >= 3


@pytest.fixture(scope="module")
def seen(data: TrainingImages) -> Seen:
    tower = load_tower_named(CHOSEN)
    return Seen(tower_features(tower, data.shown | data.boxed(11)), data.pixels_under(tower.grid), data.scenes)


def test_the_model_that_is_written_answers_in_the_pipeline_as_the_gate_measured(
    seen: Seen, data: TrainingImages, tokenizer, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    model = build_aligned_model(tokenizer, 3, BACKBONES[CHOSEN]).eval()
    tokens_of(model).standardise(seen.features["template"])
    write_model(model, build_aligned_processor(tokenizer, BACKBONES[CHOSEN]), {"seed": 3}, tmp_path / "model")
    chat = load_model(MllmConfig(model=str(tmp_path / "model")))
    template, query = (Image.fromarray(images[2]) for images in (data.templates, data.defectives))
    prompt = build_prompt(DEFECT_QUESTION, query, templates=[template], predicted_anomalous=True)
    [answer] = chat.answer([prompt])
    pieces = prompt_pieces(prompt, lambda _: IMAGE * seen.grid**2)
    asked = [(2, ("template", "defective"), lettered_line(pieces, replace(prompt.question, correct_letter="A")))]
    [[yes, _]] = letter_probabilities(model.float(), tokenizer, seen, asked)
    assert answer.p_defect == pytest.approx(yes, abs=2e-3)
    said = chat.generate([explanation_prompt(query, templates=[template])], max_new_tokens=4)
    assert len(said) == 1


def test_a_cooled_model_gives_every_answer_as_before_and_the_probabilities_that_were_promised(seen: Seen, tokenizer) -> None:  # type: ignore[no-untyped-def]
    model = build_aligned_model(tokenizer, 3, BACKBONES[CHOSEN]).eval()
    tokens_of(model).standardise(seen.features["template"])
    question = build_prompt(DEFECT_QUESTION, PLACEHOLDER, templates=[PLACEHOLDER])
    pieces = prompt_pieces(question, lambda _: IMAGE * seen.grid**2)
    asked = [(category, ("template", "defective"), lettered_line(pieces, replace(question.question, correct_letter="A"))) for category in range(4)]
    before = letter_probabilities(model, tokenizer, seen, asked)
    cool(model, 2.5)
    after = letter_probabilities(model, tokenizer, seen, asked)
    np.testing.assert_allclose(after[:, 0], cooled(before[:, 0], 2.5), atol=1e-6)
    assert (after.argmax(1) == before.argmax(1)).all()


def test_boxes_are_drawn_on_the_query_that_they_belong_to(data: TrainingImages) -> None:
    boxed = data.boxed(11)
    assert set(boxed) == {"normal_boxed", "defective_boxed"}
    for name, images in boxed.items():
        plain = data.shown[name.removesuffix("_boxed")]
        for image, before in zip(images, plain, strict=True):
            changed = (image != before).any(-1)
            assert 0 < changed.mean() < 0.3
            assert (image[changed] == image[changed][0]).all(), "one color"


def test_neither_size_nor_place_of_a_box_tells_whether_there_is_a_defect(data: TrainingImages) -> None:
    """Sides and middles of boxes on normal and on defective images of the same categories, each drawn 200 times, have one distribution."""
    drawn = [data.boxed(seed) for seed in range(200)]
    normal, defective = (
        np.concatenate([_frames(boxed[f"{name}_boxed"], data.shown[name]) for boxed in drawn]) for name in ("normal", "defective")
    )
    for edge in range(normal.shape[1]):
        assert ks_2samp(normal[:, edge], defective[:, edge]).pvalue > 0.001


def _frames(images: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """``(N, 4)``: left, top, width and height of what was drawn on each."""
    edges = []
    for image, before in zip(images, plain, strict=True):
        rows, columns = np.nonzero((image != before).any(-1))
        edges.append((columns.min(), rows.min(), np.ptp(columns), np.ptp(rows)))
    return np.array(edges)


def test_a_stated_question_is_measured_by_the_letter_that_says_defective(seen: Seen, tokenizer) -> None:  # type: ignore[no-untyped-def]
    model = build_aligned_model(tokenizer, 3, BACKBONES[CHOSEN]).eval()
    tokens_of(model).standardise(seen.features["template"])
    assert STATED.options == (("A", "True."), ("B", "False."))
    pieces = prompt_pieces(build_prompt(STATED, PLACEHOLDER, templates=[PLACEHOLDER]), lambda _: IMAGE * seen.grid**2)
    said = [
        letter_probabilities(model, tokenizer, seen, [(c, ("template", name), lettered_line(pieces, STATED)) for c in range(len(seen.scenes))])[:, 1]
        for name in ("normal", "defective")
    ]
    expected = ((said[0] < 0.5).mean() + (said[1] >= 0.5).mean()) / 2
    assert instruction_gate(model, tokenizer, seen, 5).by_prompt["stated"] == expected


def test_the_gate_of_an_untaught_model_is_not_passed_and_counts_every_image(seen: Seen, tokenizer) -> None:  # type: ignore[no-untyped-def]
    model = build_aligned_model(tokenizer, 3, BACKBONES[CHOSEN]).eval()
    tokens_of(model).standardise(seen.features["template"])
    gate = instruction_gate(model, tokenizer, seen, 5)
    described = gate.described()
    assert gate.passed is False and described["categories"] == 6
    assert sum(part["images"] for part in described["reliability"]) == 12
    assert set(described["right_letters"]) == {
        "anomaly_detection", "object_classification", "object_analysis", "defect_classification", "defect_localization",
        "defect_description", "defect_analysis",
    }  # fmt: skip
    gain, balanced = described["template_gain"], described["balanced_accuracy"]
    assert gain["balanced_accuracy"] == balanced["template"] - balanced["query_only"]
    lettered = replace(DEFECT_QUESTION, correct_letter="A")
    auroc = {}
    for template in (True, False):
        pieces = prompt_pieces(build_prompt(lettered, PLACEHOLDER, templates=[PLACEHOLDER] if template else []), lambda _: IMAGE * seen.grid**2)
        shown = [(c, (*(["template"] if template else []), name), lettered_line(pieces, lettered)) for name in ("normal", "defective") for c in range(6)]
        auroc[template] = roc_auc_score([0] * 6 + [1] * 6, letter_probabilities(model, tokenizer, seen, shown)[:, 0])
    assert gain["auroc"] == pytest.approx(auroc[True] - auroc[False]) and described["verdict"]["auroc"] == pytest.approx(auroc[True])
    assert set(described["explanation_told"]) == set(described["explanation"])


def test_a_blind_guess_takes_what_is_right_most_often() -> None:
    def asked(right: str, *wrong: str) -> Question:
        return Question("q", "object_analysis", "Which?", (("A", right), *zip("BCD", wrong, strict=False)), "A")

    questions = [asked("red", "grey"), asked("grey", "red"), asked("grey", "blue"), asked("blue", "red", "green"), asked("blue", "grey", "green")]
    # Grey and blue are right twice, red once; of a tie the first is taken: only grey for red is wrong.
    assert right_unseen(questions) == 4 / 5


def test_a_sentence_is_asked_for_as_the_pipeline_asks(tokenizer) -> None:  # type: ignore[no-untyped-def]
    for told in (False, True):
        asked = explanation_prompt(
            PLACEHOLDER, templates=[PLACEHOLDER], predicted_anomalous=True if told else None, boxed_query=PLACEHOLDER if told else None
        )
        written = render(asked, build_aligned_processor(tokenizer, BACKBONES[CHOSEN]), FAMILIES["fast_vlm"])
        ids = explanation_tokens(tokenizer, 1, told=told)
        assert tokenizer.decode(ids) == written and (ANOMALOUS_PRIOR in written) == told == (written.count(IMAGE) == 3)


def test_what_the_middle_looks_at_is_the_attention_that_its_layer_computes(seen: Seen, tokenizer) -> None:  # type: ignore[no-untyped-def]
    model = build_aligned_model(tokenizer, 3, BACKBONES[CHOSEN]).eval()
    tokens_of(model).standardise(seen.features["template"])
    heads = SeenDefects(model.model.language_model.config.hidden_size, seen.grid, 3)
    known = known_in_the_middle(model, tokenizer, heads, seen)
    model.model.language_model.set_attn_implementation("eager")
    ids = torch.tensor([explanation_tokens(tokenizer, seen.grid**2)])
    at = torch.nonzero(ids[0] == model.config.image_token_index)[seen.grid**2 :, 0]
    defective, _ = seen.is_defective()
    shares, places = [], []
    with torch.inference_mode():
        for category, under in enumerate(defective):
            output = model.model(
                input_ids=ids,
                mm_encoder_outputs={"image": BaseModelOutputWithPooling(pooler_output=visual_of(model, seen, [(category, ("template", "defective"))]))},
                output_attentions=True,
                output_hidden_states=True,
            )
            places.append(PLACES[int(heads.taken["place"](output.hidden_states[MIDDLE + 1][0, -1]).argmax())])
            shares.append(float(output.attentions[MIDDLE][0, 0, -1, at][torch.from_numpy(under)].sum()))
    assert known["looked_at_defect"] == pytest.approx(np.mean(shares), rel=1e-4)
    assert known["place_taken"] == np.mean([said == scene.defect.place for said, (_, scene) in zip(places, seen.scenes, strict=True)])
    names = {"auroc", "kind", "place", "looked_at_defect", "place_looked_at", "kind_taken", "place_taken"}
    assert set(known) == names and all(0 <= share <= 1 for share in known.values())


def test_what_is_kept_tells_defects_of_families_never_seen(tokenizer) -> None:  # type: ignore[no-untyped-def]
    model = build_aligned_model(tokenizer, 0, BACKBONES[CHOSEN]).eval()
    kept = load_file(TRAINED / "instruction" / "model.safetensors")
    assert set(kept) == set(learnt_weights(model)) == set(load_file(TRAINED / "alignment" / "model.safetensors"))
    model.load_state_dict({name: value.float() for name, value in kept.items()}, strict=False)
    fresh, tower = draw_images(4321, 24, held_out=True), load_tower_named(CHOSEN)
    found, defective = p_defect(model, tokenizer, Seen(tower_features(tower, fresh.shown), fresh.pixels_under(tower.grid), fresh.scenes))
    assert roc_auc_score(defective, found) > 0.75, "0.886 on the gate's hundred categories"
