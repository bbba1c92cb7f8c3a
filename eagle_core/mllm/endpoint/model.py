"""A served MLLM as a ``ChatModel``: the same prompts and answer rules as local models, without their attention."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from PIL import Image

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import MllmConfig
from eagle_core.errors import AttentionError, ModelError
from eagle_core.mllm.answering import answer_from_logits, answer_from_text, rule_for
from eagle_core.mllm.control_tokens import OF_ANY_FAMILY, ControlTokens
from eagle_core.mllm.endpoint.client import Client, PromptRefusedError
from eagle_core.records import Answer, AttentionGuidance, ImagePart, Prompt
from eagle_core.written_text import fault_of

TOP = 20
"""Log-probabilities of the first token that are asked for: the most that the protocol grants."""
SEED = 0
CONTROL = ControlTokens(OF_ANY_FAMILY)
T = TypeVar("T")


class EndpointChatModel:
    """See ``ChatModel``; ``batch_size`` requests are in flight at once."""

    def __init__(self, config: MllmConfig) -> None:
        """Ask the server which models it serves.

        Raises:
            ModelError: It cannot be reached, or does not serve ``config.model``.
        """
        if config.endpoint is None:
            raise ModelError("mllm.endpoint: an endpoint model needs a url")
        self._config, self._client = config, Client(config.endpoint)
        served = {str(entry["id"]): entry for entry in self._client.get("models").get("data", [])}
        if config.model not in served:
            known = ", ".join(sorted(served)) or "none"
            raise ModelError(f"mllm.model: {self._client.url} does not serve {config.model!r}; it serves: {known}")
        self._root = served[config.model].get("root")

    @property
    def name(self) -> str:
        """The name that the server knows the model by."""
        return self._config.model

    @property
    def fingerprint(self) -> str:
        """URL, name and, where the server tells it, the model behind the name.

        Other weights under the same name at the same address cannot be noticed.
        """
        return f"endpoint:{self._client.url}:{self._config.model}:{self._root or ''}"

    @property
    def depth(self) -> None:
        """Not known: a server does not show its layers."""
        return

    def answer(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None = None,
        settings: AttentionSettings | None = None,
    ) -> list[Answer]:
        """See ``ChatModel.answer``. A prompt that the server refuses is a failed answer; the others go on."""
        self._refuse_guidance(guidance)
        return self._each(self._by_rule, prompts)

    def generate(
        self,
        prompts: Sequence[Prompt],
        guidance: Sequence[AttentionGuidance] | None = None,
        settings: AttentionSettings | None = None,
        max_new_tokens: int = 64,
    ) -> list[str]:
        """See ``ChatModel.generate``."""
        self._refuse_guidance(guidance)
        return self._each(lambda prompt: self._text(prompt, max_new_tokens), prompts)

    def _refuse_guidance(self, guidance: Sequence[AttentionGuidance] | None) -> None:
        if guidance is not None and any(g.alpha != 0 or g.beta != 0 for g in guidance):
            raise AttentionError(
                f"CAAS is not available for {self.name} at {self._client.url}: a server's attention cannot be reached; "
                "leave eagle and eagle_echo out of methods, or load the model here"
            )

    def _each(self, ask: Callable[[Prompt], T], prompts: Sequence[Prompt]) -> list[T]:
        with ThreadPoolExecutor(self._config.batch_size) as pool:
            return list(pool.map(ask, prompts))

    def _by_rule(self, prompt: Prompt) -> Answer:
        refused = CONTROL.found_in(prompt)
        if refused:
            return Answer("failed", None, None, error=refused)
        by_logits = rule_for(self._config.answer, prompt.question) == "logits"
        return self._by_logits(prompt) if by_logits else self._by_text(prompt)

    def _by_logits(self, prompt: Prompt) -> Answer:
        try:
            choice = self._complete(prompt, max_tokens=1, logprobs=True, top_logprobs=TOP)
        except PromptRefusedError as error:
            return Answer("failed", None, None, error=str(error))
        tokens = ((choice.get("logprobs") or {}).get("content") or [{}])[0].get("top_logprobs")
        if not tokens:
            raise ModelError(
                f"{self._client.url} gives no log-probabilities for {self.name}; set mllm.answer: generate, or start the "
                "server so that it does"
            )
        found: dict[str, float] = {}
        for token in tokens:
            letter = str(token["token"]).strip()
            found[letter] = max(float(token["logprob"]), found.get(letter, -float("inf")))
        letters = [letter for letter, _ in prompt.question.options]
        missing = [letter for letter in letters if letter not in found]
        if len(missing) == len(letters):
            return Answer("unparsed", None, None, text=str(tokens[0]["token"]), error="no option among the likely tokens")
        if missing:
            best = max((letter for letter in letters if letter in found), key=lambda letter: found[letter])
            absent = f"option {', '.join(missing)} is not among the {TOP} likeliest tokens, so P(defect) is not known"
            return Answer("answered", best, None, error=absent)
        return answer_from_logits({letter: found[letter] for letter in letters}, prompt.question)

    def _by_text(self, prompt: Prompt) -> Answer:
        try:
            text = self._text(prompt, self._config.max_new_tokens)
        except PromptRefusedError as error:
            return Answer("failed", None, None, error=str(error))
        return answer_from_text(text, prompt.question, rule_for(self._config.answer, prompt.question))

    def _text(self, prompt: Prompt, max_new_tokens: int) -> str:
        return str(self._complete(prompt, max_tokens=max_new_tokens)["message"]["content"] or "")

    def _complete(self, prompt: Prompt, **wanted: Any) -> dict[str, Any]:
        """The first choice of a greedy completion."""
        body = {"model": self._config.model, "messages": messages(prompt), "temperature": 0, "seed": SEED, **wanted}
        answer = self._client.post("chat/completions", body)
        try:
            choice: dict[str, Any] = answer["choices"][0]
        except (KeyError, IndexError, TypeError) as error:
            raise ModelError(f"{self._client.url}: the answer holds no choices: {str(answer)[:200]}") from error
        fault = fault_of(json.dumps(choice, ensure_ascii=False))
        if fault:
            raise PromptRefusedError(f"{self._client.url}: the answer is no text: {fault}")
        return choice


def messages(prompt: Prompt) -> list[dict[str, Any]]:
    """The prompt in the protocol's form, images as PNG so that the server sees the same pixels."""
    content: list[dict[str, Any]] = [
        {"type": "image_url", "image_url": {"url": _png(part.image)}}
        if isinstance(part, ImagePart)
        else {"type": "text", "text": part.text}
        for part in prompt.parts
    ]
    system = [{"role": "system", "content": prompt.system}] if prompt.system else []
    return [*system, {"role": "user", "content": content}]


def _png(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
