"""Judges frames of a camera, a video file or a stream, read through OpenCV."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from typing import Any

from eagle_core.config.service import CameraConfig
from eagle_core.errors import ConfigurationError, EagleError
from tasks.station.station import Station

LOG = logging.getLogger("eagle.station")
OPEN_AGAIN_SECONDS = 5.0


class Filming:
    """A thread over one source. A file ends; a camera that fails is opened again."""

    def __init__(self, config: CameraConfig, station: Station) -> None:
        """Check that OpenCV is there.

        Raises:
            ConfigurationError: It is not; the message names the extra.
        """
        try:
            import cv2
        except ImportError:
            raise ConfigurationError("service.camera needs OpenCV: pip install 'eagle-iad[camera]'") from None
        self._cv2, self._config, self._station = cv2, config, station
        self._stopping = threading.Event()
        self._session = uuid.uuid4().hex
        self._frames = 0
        self._thread = threading.Thread(target=self._work, name="camera", daemon=True)

    def start(self) -> None:
        """Begin to film."""
        self._thread.start()

    def stop(self) -> None:
        """End after the frame in hand."""
        self._stopping.set()
        self._thread.join(OPEN_AGAIN_SECONDS)

    def _work(self) -> None:
        while not self._stopping.is_set():
            source = self._config.source
            capture = self._cv2.VideoCapture(int(source) if source.isdigit() else source)
            if not capture.isOpened():
                LOG.warning("camera %s cannot be opened; tried again in %.0f s", _shown(source), OPEN_AGAIN_SECONDS)
            recorded = int(capture.get(self._cv2.CAP_PROP_FRAME_COUNT)) > 0
            self._film(capture, recorded=recorded)
            capture.release()
            if recorded:
                return
            self._stopping.wait(OPEN_AGAIN_SECONDS)

    def _film(self, capture: Any, *, recorded: bool) -> None:
        """Judge a frame each ``seconds``: of a recording in its own time, of a camera by the clock."""
        last = float("-inf")
        while not self._stopping.is_set():
            there, frame = capture.read()
            if not there:
                return
            now = capture.get(self._cv2.CAP_PROP_POS_MSEC) / 1000 if recorded else time.monotonic()
            if now - last >= self._config.seconds:
                last = now
                self._judge(frame)

    def _judge(self, frame: Any) -> None:
        written, png = self._cv2.imencode(".png", frame)
        if not written:
            LOG.warning("a frame of the camera could not be written as PNG; it is not judged")
            return
        self._frames += 1
        name = f"frame-{self._frames:06d}.png"
        try:
            self._station.receive(self._config.category, name, png.tobytes(), f"camera {self._session} {self._frames}")
        except EagleError as error:
            LOG.warning("%s: %s", name, error)


def _shown(source: str) -> str:
    """Without a password that an address may hold."""
    return source.rsplit("@", 1)[-1]
