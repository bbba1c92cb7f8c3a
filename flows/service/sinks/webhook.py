"""Judged parts as signed HTTP requests.

``X-Eagle-Signature`` is ``sha256=`` and the HMAC, in hex, of ``X-Eagle-Timestamp``, a full stop and the body, under
EAGLE_WEBHOOK_SECRET. ``X-Eagle-Kind`` is the message's ``kind``; ``X-Eagle-Part`` (kinds part, opinion, review) the part's id,
``X-Eagle-Update`` (opinion, review) the update's, ``X-Eagle-Alert`` (row, drift) the alert's: a receiver that sees the same
headers twice takes the message once.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time

import httpx2

from eagle_core.config.service import WebhookConfig
from flows.service.schemas import AlertOut, PartTold
from flows.service.sinks.sink import is_wanted

SECRET = "EAGLE_WEBHOOK_SECRET"
TIMEOUT_SECONDS = 10.0


class Webhook:
    """POST to one address."""

    name = "webhook"

    def __init__(self, config: WebhookConfig) -> None:
        self._config = config
        self.seconds_between = 60 / config.per_minute

    def wants(self, part: PartTold) -> bool:
        """The verdicts that were asked for, and what is said against one."""
        return is_wanted(part, self._config.verdicts)

    def deliver(self, part: PartTold) -> None:
        """Send the part.

        Raises:
            OSError: No answer, or one that is not of the 200s. The address is not repeated: it may hold a key.
        """
        update = {} if part.update is None else {"X-Eagle-Update": str(part.update)}
        self._send(part, {"X-Eagle-Part": str(part.id), **update})

    def warn(self, alert: AlertOut) -> None:
        """Send the alert, with ``X-Eagle-Alert`` in place of the part's id.

        Raises:
            OSError: As ``deliver``.
        """
        self._send(alert, {"X-Eagle-Alert": str(alert.id)})

    def _send(self, told: PartTold | AlertOut, named: dict[str, str]) -> None:
        body = told.model_dump_json().encode()
        signature = signed(body, str(int(time.time())))
        headers = {"Content-Type": "application/json", "X-Eagle-Kind": told.kind, **named, **signature}
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
