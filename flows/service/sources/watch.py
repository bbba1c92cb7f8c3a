"""Judges images that appear in a folder. A file is taken once it has stopped growing, and once only."""

from __future__ import annotations

import hashlib
import logging
import threading
from pathlib import Path

from eagle_core.config.service import WatchConfig
from eagle_core.data.images import is_image_file
from eagle_core.errors import EagleError
from tasks.station.station import Station

LOG = logging.getLogger("eagle.station")
LOOK_EVERY_SECONDS = 0.5
Facts = tuple[int, int]
"""(bytes, modification time in ns)."""


class Watching:
    """A thread over one folder. Files stay where they are."""

    def __init__(self, config: WatchConfig, station: Station) -> None:
        self._config, self._station = config, station
        self._seen: dict[Path, Facts] = {}
        self._taken: dict[Path, Facts] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"watch {config.folder.name}", daemon=True)

    def start(self) -> None:
        """Begin with what lies there: what was judged before is known by its content and not judged again."""
        self._config.folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the image in hand."""
        self._stopping.set()
        self._thread.join(LOOK_EVERY_SECONDS * 4)

    def _work(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_SECONDS):
            for path in sorted(self._config.folder.iterdir()):
                try:
                    self._look(path)
                except (OSError, EagleError) as error:
                    LOG.warning("%s: %s", path.name, error)
                if self._stopping.is_set():
                    return

    def _look(self, path: Path) -> None:
        if not is_image_file(path):
            return
        found = path.stat()
        facts = (found.st_size, found.st_mtime_ns)
        if self._taken.get(path) == facts:
            return
        if self._seen.get(path) != facts:
            self._seen[path] = facts
            return
        content = path.read_bytes()
        key = f"watch {self._config.category} {path.name} {hashlib.sha256(content).hexdigest()}"[:255]
        self._station.receive(self._config.category, path.name, content, key)
        self._taken[path] = facts
