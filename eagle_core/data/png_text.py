"""PNG files without their text and colour profile, which have no pixel in them but may be of any size."""

from __future__ import annotations

import struct

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DROPPED = frozenset({b"tEXt", b"zTXt", b"iTXt", b"iCCP"})


def without_text(content: bytes) -> bytes | None:
    """The same PNG without these chunks, byte for byte otherwise; None where ``content`` is no PNG or has none of them."""
    if not content.startswith(SIGNATURE):
        return None
    kept = [SIGNATURE]
    position, dropped = len(SIGNATURE), False
    while position + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, position)
        end = position + 12 + length
        if content[position + 4 : position + 8] in _DROPPED:
            dropped = True
        else:
            kept.append(content[position:end])
        position = end
    return b"".join(kept) if dropped else None
