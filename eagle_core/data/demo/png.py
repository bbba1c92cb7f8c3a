"""Writes PNG without compression, so that its bytes depend on no compressor's version. Any PNG reader reads it."""

from __future__ import annotations

import struct
import zlib

import numpy as np

_COLOR_TYPE = {2: 0, 3: 2}
_LARGEST_BLOCK = 65535


def encode_png(pixels: np.ndarray) -> bytes:
    """Encode ``(H, W) uint8`` as grey or ``(H, W, 3) uint8`` as RGB."""
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    unfiltered = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOR_TYPE[pixels.ndim], 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", _stored(unfiltered)) + _chunk(b"IEND", b"")
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _stored(content: bytes) -> bytes:
    """A zlib stream (RFC 1950) of stored, that is uncompressed, deflate blocks (RFC 1951, 3.2.4)."""
    blocks = [content[start : start + _LARGEST_BLOCK] for start in range(0, len(content), _LARGEST_BLOCK)]
    stream = b"\x78\x01"
    for number, block in enumerate(blocks, start=1):
        stream += struct.pack("<BHH", number == len(blocks), len(block), len(block) ^ 0xFFFF) + block
    return stream + struct.pack(">I", zlib.adler32(content))
