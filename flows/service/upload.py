"""Reads what is sent, up to a limit, without first taking all of it in."""

from __future__ import annotations

from fastapi import HTTPException, Request

MIB = 2**20


async def body_within(request: Request, most_mib: int) -> bytes:
    """The request's body.

    Raises:
        HTTPException: 413 beyond the limit, 422 where it is empty.
    """
    taken = bytearray()
    async for piece in request.stream():
        taken += piece
        if len(taken) > most_mib * MIB:
            raise HTTPException(413, f"more than {most_mib} MiB (service.max_upload_mib); send a smaller image")
    if not taken:
        raise HTTPException(422, "the body is empty: send the bytes of an image file")
    return bytes(taken)
