"""HTTP to an OpenAI-compatible server: retries, and errors that say what to do. Knows no prompts."""

from __future__ import annotations

import logging
import os
import time
from typing import Any

import httpx2

from eagle_core.config import EndpointConfig
from eagle_core.counted import counted
from eagle_core.errors import ModelError

LOG = logging.getLogger("eagle.endpoint")
FIRST_WAIT_S = 0.5
BUSY = frozenset({408, 409, 429})
"""Statuses after which the same request may succeed, beside all from 500 on."""
REFUSED_PROMPT = frozenset({400, 413, 422})
"""Statuses that mean this one request, not the server or its settings."""


class PromptRefusedError(ModelError):
    """The server does not take this one request, such as a prompt that is too long; others may go on."""


class Client:
    """One server. Safe for several threads."""

    def __init__(self, config: EndpointConfig) -> None:
        """Raise ``ModelError`` where the key's environment variable is not set."""
        self.url = config.url.rstrip("/")
        self._retries = config.retries
        headers = {}
        if config.api_key_variable:
            key = os.environ.get(config.api_key_variable)
            if not key:
                raise ModelError(
                    f"mllm.endpoint.api_key_variable: the environment variable {config.api_key_variable} is not set"
                )
            headers["Authorization"] = f"Bearer {key}"
        self._http = httpx2.Client(headers=headers, timeout=config.timeout_s)

    def get(self, path: str) -> Any:
        """The JSON value at ``path``; errors as ``post``."""
        return self._request("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON answer to ``body``.

        Raises:
            PromptRefusedError: The server does not take this request.
            ModelError: It cannot be reached, refuses access, knows no such path or model, or answers no JSON;
                names the URL and the remedy.
        """
        return self._request("POST", path, body)

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        url = f"{self.url}/{path}"
        for attempt in range(self._retries + 1):
            try:
                response = self._http.request(method, url, json=body)
            except httpx2.TransportError as error:
                fault = f"{type(error).__name__}: {error}"
            else:
                if response.status_code < 400:
                    return _json(response, url)
                fault = f"{response.status_code} {response.text[:300].strip()}"
                if response.status_code in REFUSED_PROMPT:
                    raise PromptRefusedError(f"{url}: {fault}")
                if response.status_code < 500 and response.status_code not in BUSY:
                    raise ModelError(f"{url}: {fault}; check mllm.endpoint.url, mllm.model and the API key")
            if attempt < self._retries:
                wait = FIRST_WAIT_S * 2**attempt
                LOG.warning("%s: %s; trying again in %g s", url, fault, wait)
                time.sleep(wait)
        raise ModelError(
            f"{url}: no answer after {counted(self._retries + 1, 'attempt')} ({fault}); start the server or change mllm.endpoint.url"
        )


def _json(response: httpx2.Response, url: str) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise ModelError(
            f"{url}: the answer is no JSON ({response.text[:80]!r}); is this an OpenAI-compatible server?"
        ) from error
