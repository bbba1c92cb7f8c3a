"""Reads what is sent, up to a limit of bytes and of time, without first taking all of it in."""

from __future__ import annotations

import asyncio

from fastapi import HTTPException, Request

from eagle_core.config.service import ServiceConfig

MIB = 2**20


async def body_within(request: Request, limits: ServiceConfig) -> bytes:
    """The request's body.

    Raises:
        HTTPException: 413 beyond ``max_upload_mib``, 408 beyond ``upload_seconds``, 422 where it is empty.
    """
    taken = bytearray()
    try:
        async with asyncio.timeout(limits.upload_seconds):
            async for piece in request.stream():
                taken += piece
                if len(taken) > limits.max_upload_mib * MIB:
                    raise HTTPException(413, f"more than {limits.max_upload_mib} MiB (service.max_upload_mib); send a smaller image")
    except TimeoutError:
        told = f"not all of it came within {limits.upload_seconds:g} s (service.upload_seconds); send it again"
        raise HTTPException(408, told, {"Connection": "close"}) from None
    if not taken:
        raise HTTPException(422, "the body is empty: send the bytes of an image file")
    return bytes(taken)
