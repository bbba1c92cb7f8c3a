"""Judged parts to an MQTT broker, at least once (quality of service 1)."""

from __future__ import annotations

import os
from typing import Any

from eagle_core.config.service import MqttConfig
from eagle_core.errors import ConfigurationError
from flows.service.schemas import AlertOut, PartTold
from flows.service.sinks.sink import is_wanted

TIMEOUT_SECONDS = 10.0


class Mqtt:
    """One connection, opened at the first part and again after it broke."""

    name = "mqtt"
    seconds_between = 0.0

    def __init__(self, config: MqttConfig) -> None:
        """Check that the library is there.

        Raises:
            ConfigurationError: It is not; the message names the extra.
        """
        try:
            import paho.mqtt.client as library
        except ImportError:
            raise ConfigurationError("service.mqtt needs paho-mqtt: pip install 'eagle-iad[mqtt]'") from None
        self._config, self._library = config, library
        self._client: Any = None

    def wants(self, part: PartTold) -> bool:
        """The verdicts that were asked for, and what is said against one."""
        return is_wanted(part, self._config.verdicts)

    def deliver(self, part: PartTold) -> None:
        """Publish the part and wait until the broker has it; what is said later, under ``/opinion`` or ``/review``.

        Raises:
            OSError: The broker cannot be reached or did not confirm.
        """
        topic = self._config.topic.replace("{category}", part.category)
        self._publish(topic if part.kind == "part" else f"{topic}/{part.kind}", part.model_dump_json())

    def warn(self, alert: AlertOut) -> None:
        """Publish the alert under the category's topic with ``/alert`` behind it.

        Raises:
            OSError: As ``deliver``.
        """
        self._publish(self._config.topic.replace("{category}", alert.category) + "/alert", alert.model_dump_json())

    def _publish(self, topic: str, told: str) -> None:
        client = self._connected()
        try:
            sent = client.publish(topic, told, qos=1)
            sent.wait_for_publish(TIMEOUT_SECONDS)
        except (RuntimeError, ValueError) as error:
            self._drop()
            raise ConnectionError(f"mqtt: {error}") from error
        if not sent.is_published():
            self._drop()
            raise ConnectionError(f"mqtt: the broker did not confirm within {TIMEOUT_SECONDS:.0f} s")

    def _connected(self) -> Any:
        if self._client is None:
            client = self._library.Client(self._library.CallbackAPIVersion.VERSION2)
            user = os.environ.get("EAGLE_MQTT_USER")
            if user:
                client.username_pw_set(user, os.environ.get("EAGLE_MQTT_PASSWORD"))
            client.connect(self._config.host, self._config.port)
            client.loop_start()
            self._client = client
        return self._client

    def _drop(self) -> None:
        """What it had taken is told again on the next connection."""
        self._client.disconnect()
        self._client.loop_stop()
        self._client = None
