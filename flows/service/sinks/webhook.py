"""Judged parts as signed HTTP requests.

``X-Eagle-Signature`` is ``sha256=`` and the HMAC, in hex, of ``X-Eagle-Timestamp``, a full stop and the body, under
EAGLE_WEBHOOK_SECRET. ``X-Eagle-Part`` is the part's id: a receiver that sees one twice takes it once.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time

import httpx2

from eagle_core.config.service import WebhookConfig
from flows.service.schemas import AlertOut, PartOut

SECRET = "EAGLE_WEBHOOK_SECRET"
TIMEOUT_SECONDS = 10.0


class Webhook:
    """POST to one address."""

    name = "webhook"

    def __init__(self, config: WebhookConfig) -> None:
        self._config = config
        self.seconds_between = 60 / config.per_minute

    def wants(self, part: PartOut) -> bool:
        """The verdicts that were asked for."""
        return part.verdict in self._config.verdicts

    def deliver(self, part: PartOut) -> None:
        """Send the part.

        Raises:
            OSError: No answer, or one that is not of the 200s. The address is not repeated: it may hold a key.
        """
        self._send(part.model_dump_json().encode(), {"X-Eagle-Part": str(part.id)})

    def warn(self, alert: AlertOut) -> None:
        """Send the alert, with ``X-Eagle-Alert`` in place of the part's id.

        Raises:
            OSError: As ``deliver``.
        """
        self._send(alert.model_dump_json().encode(), {"X-Eagle-Alert": str(alert.id)})

    def _send(self, body: bytes, named: dict[str, str]) -> None:
        headers = {"Content-Type": "application/json", **named, **signed(body, str(int(time.time())))}
        try:
            answer = httpx2.post(self._config.url, content=body, headers=headers, timeout=TIMEOUT_SECONDS)
        except httpx2.HTTPError as error:
            raise ConnectionError(f"webhook: {type(error).__name__}") from None
        if not answer.is_success:
            raise ConnectionError(f"webhook: answered {answer.status_code}")


def signed(body: bytes, timestamp: str) -> dict[str, str]:
    """The headers that prove who sent ``body``; none but the time where there is no secret."""
    headers = {"X-Eagle-Timestamp": timestamp}
    secret = os.environ.get(SECRET)
    if secret:
        digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers["X-Eagle-Signature"] = f"sha256={digest}"
    return headers
