"""Is an image, or a whole dataset, the demo's own? By content, so that a copy or a part of the demo is it too.

The embedded MLLM is a stand-in made for these images and has never seen a photograph: what it says of others is
nothing to go by. Who shows or asks it, asks here first.
"""

from __future__ import annotations

import functools
from pathlib import Path

from eagle_core.data.demo.manifest import file_md5, load_manifest
from eagle_core.data.images import is_image_file


def is_demo_image(path: Path) -> bool:
    """Whether the file's bytes are those of an image of the demo. False where it cannot be read."""
    try:
        return file_md5(path) in _demo_contents()
    except OSError:
        return False


def is_demo_dataset(root: Path) -> bool:
    """Whether ``root`` holds images, and every one of them is the demo's: the whole of it, or a part."""
    images = (path for path in sorted(root.rglob("*")) if is_image_file(path))
    first = next(images, None)
    return first is not None and is_demo_image(first) and all(is_demo_image(path) for path in images)


@functools.lru_cache(maxsize=1)
def _demo_contents() -> frozenset[str]:
    return frozenset(load_manifest().values())
