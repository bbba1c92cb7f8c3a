"""The language stage: lines are encoded as they read, and taught where the decoder really looks."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import Qwen2ForCausalLM

from eagle_core.records import QuestionType
from eagle_core.training.architecture import READER, build_reader
from eagle_core.training.looking import looks_from
from eagle_core.training.loop import Schedule
from eagle_core.training.reading import supervision
from eagle_core.training.reading.encoding import IGNORED, line_encoder
from eagle_core.training.reading.gate import FORMS, reading_gate
from eagle_core.training.reading.lines import draw_line, draw_lines
from eagle_core.training.reading.stage import train_reading
from tests.conftest import PROJECT
from tests.eagle_core.training.conftest import options_of, text_of


def test_encoded_lines_teach_at_the_right_places(tokenizer) -> None:  # type: ignore[no-untyped-def]
    lines = draw_lines(np.random.default_rng(1), 0.0, 1024)
    batch = line_encoder(tokenizer)(lines)
    assert len(lines) > 10
    for row, line in enumerate(lines):
        whole = tokenizer.decode(batch.input_ids[row][batch.is_text[row]])
        assert whole == text_of(line) + "<|im_end|>"
        assert tokenizer.decode(batch.labels[row][batch.labels[row] != IGNORED]) == line.pieces[-1].text + "<|im_end|>"
        first_of_answer = int(torch.nonzero(batch.labels[row] != IGNORED)[0])
        assert int(batch.asked_at[row]) == first_of_answer - 1
        for number, words in enumerate(options_of(line)):
            assert tokenizer.decode(batch.input_ids[row][batch.option[row] == number]).strip() == words
            ends = batch.is_end[row] & (batch.option[row] == number)
            assert tokenizer.decode(batch.input_ids[row][ends]) == "."
            assert int(torch.nonzero(ends)[0]) == int(torch.nonzero(batch.option[row] == number)[-1])
            [said] = batch.said[row][ends]
            first, last = (tokenizer.decode(token) for token in said)
            assert first.strip() and f" {words}".startswith(first) and words.endswith(f"{last.strip()}.")
        assert not batch.said[row][~batch.is_end[row]].any()
        if line.right >= 0:
            assert "ABCD"[line.right] == line.pieces[-1].text


def test_what_is_taught_to_look_is_the_attention_that_the_layer_computes(tokenizer) -> None:  # type: ignore[no-untyped-def]
    model = build_reader(tokenizer, 0).eval()
    model.set_attn_implementation("eager")
    lines = draw_lines(np.random.default_rng(2), 0.5, 512)
    batch = line_encoder(tokenizer)(lines)
    layer = READER.layers // 2
    with torch.inference_mode():
        output = model.model(input_ids=batch.input_ids, use_cache=False, output_hidden_states=True, output_attentions=True)
        rows = torch.arange(len(lines))
        looks = looks_from(model.model, output.hidden_states[layer], layer, rows, batch.asked_at)
    expected = output.attentions[layer][rows, 0, batch.asked_at]
    torch.testing.assert_close(looks.exp(), expected, atol=1e-6, rtol=1e-5)


def test_answer_and_options_say_their_words_by_one_map_and_the_look_is_at_the_right_one(tokenizer) -> None:  # type: ignore[no-untyped-def]
    lines = [draw_line(np.random.default_rng(seed), 1.0, as_prompt=False, with_knowledge=False) for seed in range(8)]
    batch = line_encoder(tokenizer)(lines)
    model = build_reader(tokenizer, 0).eval()
    layer = READER.layers // 2
    with torch.inference_mode():
        hidden = model.model(input_ids=batch.input_ids, use_cache=False, output_hidden_states=True).hidden_states[layer]
        binding = supervision.LetterBinding(READER.hidden, 0)
        loss = binding.loss(model.model, model.lm_head, hidden, layer, batch)
    answers, options, letters, looks = [], [], [], []

    def says(state: torch.Tensor, words: list[int]) -> torch.Tensor:
        both = [model.lm_head(model.model.norm(of)).log_softmax(-1)[word] for of, word in zip((state, binding.last_word(state)), words, strict=True)]
        return -torch.stack(both).mean()

    for row, line in enumerate(lines):
        asked_at = int(batch.asked_at[row])
        look = looks_from(model.model, hidden, layer, torch.tensor([row]), torch.tensor([asked_at]))[0]
        for number in range(len(options_of(line))):
            at = torch.nonzero(batch.option[row] == number)[:, 0]
            words = batch.input_ids[row, at[:-1]].tolist()
            options.append(says(hidden[row, at[-1]], [words[0], words[-1]]))
            letters += list(-binding.own_letter(hidden[row, at]).log_softmax(-1)[:, number])
            if number == line.right:
                answers.append(says(hidden[row, asked_at], [words[0], words[-1]]))
                looks.append(-look[at[-1]])
    expected = sum(torch.stack(of).mean() for of in (answers, options, looks)) + supervision.OWN_LETTER_WEIGHT * torch.stack(letters).mean()
    torch.testing.assert_close(loss, torch.as_tensor(expected), atol=1e-4, rtol=1e-4)


def test_the_stage_learns_resumes_and_its_gate_tells_chance(tokenizer, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    small = replace(READER, hidden=32, layers=4, inner=32)
    losses: list[float] = []

    def trained(steps: int) -> Qwen2ForCausalLM:
        model = build_reader(tokenizer, 0, small)
        train_reading(
            model, tokenizer, Schedule(steps, 3e-3), seed=0, checkpoint=tmp_path / f"{steps}.safetensors",
            progress=lambda step, of, loss: losses.append(loss),
        )  # fmt: skip
        return model

    def loss_of_answers(model: Qwen2ForCausalLM) -> float:
        batch = line_encoder(tokenizer)(draw_lines(np.random.default_rng(1), 0.0, 512))
        with torch.inference_mode():
            return float(model(input_ids=batch.input_ids, labels=batch.labels).loss)

    model = trained(8)
    assert loss_of_answers(model) < loss_of_answers(build_reader(tokenizer, 0, small)) - 0.5
    again = trained(8)
    assert len(losses) == 8, "a finished stage is read, not trained again"
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
    gate = reading_gate(model.model, model.lm_head, tokenizer, seed=9, count=12)
    assert not gate.passed and 0.05 < gate.four_options < 0.5
    assert set(gate.by_type) == set(get_args(QuestionType)) and set(gate.knowledge) == {"named", "never_named"}
    assert all(set(shares) == set(FORMS) for shares in gate.knowledge.values())


@pytest.mark.slow
def test_the_kept_decoder_reads_as_its_gate_says(tokenizer) -> None:  # type: ignore[no-untyped-def]
    """Other scenes and letters than its gate's."""
    kept = PROJECT / "eagle_core/training/trained/language"
    described = json.loads((kept / "gate.json").read_text())
    assert described["gate"]["passed"] and described["gate"]["four_options"] >= described["gate"]["required"]
    assert asdict(READER).items() <= described["decoder"].items()
    model = build_reader(tokenizer, seed=1)
    model.model.load_state_dict(load_file(kept / "decoder.safetensors"))
    gate = reading_gate(model.model, model.lm_head, tokenizer, seed=5, count=40)
    assert gate.passed
    assert min(gate.by_type.values()) >= 0.95
    assert gate.knowledge["named"]["known"] < 0.5, "docs/embedded_mllm.md: what it has not learnt, and what ships has"


def test_looks_at_kinds_and_at_the_sentence_are_taught_where_these_stand(tokenizer) -> None:  # type: ignore[no-untyped-def]
    """Each of the three looks is the attention that its layer computes, from the token and at the token that it should be."""
    lines = [draw_line(np.random.default_rng(seed), 1.0, as_prompt=seed % 2 == 0, with_knowledge=True) for seed in range(6)]
    batch = line_encoder(tokenizer)(lines)
    model = build_reader(tokenizer, 0).eval()
    model.set_attn_implementation("eager")
    with torch.inference_mode():
        output = model.model(input_ids=batch.input_ids, use_cache=False, output_hidden_states=True, output_attentions=True)
        binding = supervision.KnowledgeBinding(READER.hidden, 0)
        loss = binding.loss(model.model, model.lm_head, output.hidden_states[1:3], 1, batch)
    names, own, sentences = [], [], []
    said: dict[str, list[torch.Tensor]] = {"told": [], "asked": []}

    def says(row: int, at: int, word: int) -> torch.Tensor:
        state = model.model.norm(binding.kind(output.hidden_states[2][row, at]))
        return model.lm_head(state).log_softmax(-1)[batch.input_ids[row, word]]

    for row, line in enumerate(lines):
        ids, at = batch.input_ids[row], 0
        ends: dict[str, list[int]] = {}
        for piece in line.pieces:
            at += len(tokenizer(piece.text, add_special_tokens=False)["input_ids"])
            ends.setdefault(piece.role, []).append(at - 1)
        last = int(batch.asked_at[row])
        [kind], [holds] = ends["kind"], [end - 1 for end in ends["holds_answer"]]
        assert tokenizer.decode(ids[holds + 1]) == "."
        assert tokenizer.decode(ids[: kind + 1]).endswith(next(p.text for p in line.pieces if p.role == "kind"))
        own.append(output.attentions[1][row, 0, last, kind].log())
        sentences.append(output.attentions[2][row, 0, last, holds].log())
        said["asked"].append(says(row, last, kind))
        for end in sorted([*(end - 1 for end in ends["told"]), holds]):
            name = max(n for n in ends["named"] if n < end)
            names.append(output.attentions[1][row, 0, end, name].log())
            said["told"].append(says(row, end, name))
    expected = -sum(torch.stack(each).mean() for each in (names, own, sentences, said["told"], said["asked"]))
    torch.testing.assert_close(loss, torch.as_tensor(expected), atol=1e-4, rtol=1e-4)


def test_without_knowledge_there_is_nothing_to_look_for(tokenizer) -> None:  # type: ignore[no-untyped-def]
    batch = line_encoder(tokenizer)([draw_line(np.random.default_rng(4), 1.0, as_prompt=False, with_knowledge=False)])
    model = build_reader(tokenizer, 0)
    hidden = torch.zeros(1, batch.input_ids.shape[1], READER.hidden)
    assert supervision.KnowledgeBinding(READER.hidden, 0).loss(model.model, model.lm_head, (hidden, hidden), 1, batch) == 0
