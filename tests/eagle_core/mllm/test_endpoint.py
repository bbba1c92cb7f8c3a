"""The embedded MLLM behind a real HTTP server answers as it does when it is loaded here."""

from __future__ import annotations

import pytest

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import MllmConfig
from eagle_core.echo.condenser import condensed_by
from eagle_core.echo.knowledge import Knowledge
from eagle_core.errors import AttentionError, ModelError
from eagle_core.mllm.endpoint import client
from eagle_core.mllm.loading import load_model
from eagle_core.records import AttentionGuidance
from tests.reference.openai_server import SERVED, Served, serving
from tests.tiny.prompts import eagle_prompt, image, short_prompt

PROMPTS = [eagle_prompt(), short_prompt(), eagle_prompt(7)]


@pytest.fixture(scope="module")
def server():
    served = Served()
    with serving(served) as url:
        yield served, url


@pytest.fixture
def served(server, monkeypatch):
    """Without faults, without waiting between attempts."""
    monkeypatch.setattr(client, "FIRST_WAIT_S", 0.0)
    found = server[0]
    found.faults, found.logprobs = [], True
    found.requests.clear()
    found.headers.clear()
    return found


def config(server, **changes):
    endpoint = {"url": server[1], "retries": 2} | changes.pop("endpoint", {})
    return MllmConfig(model=SERVED, endpoint=endpoint, batch_size=2, **changes)


@pytest.fixture
def model(server, served):
    return load_model(config(server))


def test_answers_equal_the_local_models(model):
    local = load_model(MllmConfig()).answer(PROMPTS)
    for mine, its in zip(model.answer(PROMPTS), local, strict=True):
        assert mine.letter == its.letter and mine.status == "answered"
        assert mine.p_defect == pytest.approx(its.p_defect, abs=1e-5)


def test_explanations_and_generated_answers_equal_the_local_models(server, served):
    mine, its = load_model(config(server, answer="generate")), load_model(MllmConfig(answer="generate"))
    assert mine.generate(PROMPTS, max_new_tokens=12) == its.generate(PROMPTS, max_new_tokens=12)
    assert mine.answer(PROMPTS) == its.answer(PROMPTS)
    assert all(body["temperature"] == 0 for body in served.requests)


def test_guidance_is_refused_and_zero_guidance_is_not(model, served):
    with pytest.raises(AttentionError, match="CAAS is not available for embedded-served"):
        model.answer(PROMPTS[:1], [AttentionGuidance(0.6)], AttentionSettings())
    assert not served.requests
    assert model.answer(PROMPTS[:1], [AttentionGuidance()], AttentionSettings()) == model.answer(PROMPTS[:1])
    assert model.depth is None


@pytest.mark.parametrize("fault", ["500", "503", "429", "cut"])
def test_what_passes_is_tried_again(model, served, fault):
    served.faults = [fault, fault]
    [answer] = model.answer(PROMPTS[:1])
    assert answer.status == "answered" and len(served.requests) == 3


def test_what_does_not_pass_ends_in_one_clear_error(model, served):
    served.faults = ["503"] * 3
    with pytest.raises(ModelError, match=r"no answer after 3 attempts \(503 .*start the server"):
        model.answer(PROMPTS[:1])


@pytest.mark.parametrize(("fault", "said"), [("401", "check mllm.endpoint.url"), ("no json", "no JSON"), ("no choices", "holds no choices")])
def test_a_wrong_server_is_not_tried_again(model, served, fault, said):
    served.faults = [fault]
    with pytest.raises(ModelError, match=said):
        model.answer(PROMPTS[:1])
    assert len(served.requests) == 1


def test_a_refused_prompt_is_a_failed_answer_and_the_others_go_on(server, served):
    served.faults = ["400"]
    one_by_one = load_model(MllmConfig(model=SERVED, endpoint={"url": server[1]}, batch_size=1))
    first, second = one_by_one.answer(PROMPTS[:2])
    assert first.status == "failed" and "made up 400" in first.error and first.letter is None
    assert second.status == "answered"


def test_an_answer_that_no_file_can_hold_is_a_failed_answer(server, served):
    served.faults = ["half a character"]
    generating = load_model(MllmConfig(model=SERVED, endpoint={"url": server[1]}, batch_size=1, answer="generate"))
    first, second = generating.answer(PROMPTS[:2])
    assert first.status == "failed" and "lone surrogate" in first.error
    assert second.status in {"answered", "unparsed"}


def test_a_server_without_log_probabilities_is_told_apart(model, served):
    served.logprobs = False
    with pytest.raises(ModelError, match="set mllm.answer: generate"):
        model.answer(PROMPTS[:1])


def test_the_key_comes_from_the_environment_and_stays_there(server, served, monkeypatch):
    wanted = config(server, endpoint={"api_key_variable": "EAGLE_TEST_KEY"})
    with pytest.raises(ModelError, match="EAGLE_TEST_KEY is not set"):
        load_model(wanted)
    monkeypatch.setenv("EAGLE_TEST_KEY", "secret-7")
    model = load_model(wanted)
    model.answer(PROMPTS[:1])
    assert served.headers[-1]["Authorization"] == "Bearer secret-7"
    assert "secret-7" not in wanted.model_dump_json() + model.fingerprint


def test_another_model_or_nobody_at_the_address_is_said(server):
    with pytest.raises(ModelError, match="does not serve 'other'; it serves: embedded-served"):
        load_model(MllmConfig(model="other", endpoint={"url": server[1]}))
    with pytest.raises(ModelError, match="no answer after 1 attempt "):
        load_model(MllmConfig(model="x", endpoint={"url": "http://127.0.0.1:1/v1", "retries": 0}))


def test_the_condenser_asks_it_for_knowledge(model, served):
    """Echo's knowledge, condensed by a served model: the text it sends back, whatever it is."""
    knowledge = Knowledge("wood", {"scratch": "A line across the grain."}, "generated")
    text = condensed_by(model, knowledge, "defect_description", image(3, 56, 56))
    assert isinstance(text, str)
    sent = served.requests[-1]["messages"][-1]["content"]
    assert any(part["type"] == "text" and "A line across the grain." in part["text"] for part in sent)
