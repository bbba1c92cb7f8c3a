"""Who may do what: loopback without a token, elsewhere a token for each role; no request from another site."""

from __future__ import annotations

import hmac
import ipaddress
import os
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from eagle_core.errors import ConfigurationError

Role = Literal["operator", "engineer"]
VARIABLES: dict[Role, str] = {"operator": "EAGLE_OPERATOR_TOKEN", "engineer": "EAGLE_ENGINEER_TOKEN"}
COOKIE = "eagle_token"
SHORTEST_TOKEN = 16
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Access:
    """Which tokens open which role; none: everybody on this machine is an engineer."""

    tokens: tuple[tuple[Role, str], ...] = ()

    def role_of(self, request: Request) -> Role:
        """The role that the request's token gives.

        Raises:
            HTTPException: 401 where there is no valid token.
        """
        if not self.tokens:
            return "engineer"
        sent = request.headers.get("authorization", "").removeprefix("Bearer ") or request.cookies.get(COOKIE, "")
        given = sent.encode()
        found: Role | None = None
        for role, token in self.tokens:
            # All are compared, so that time tells nothing.
            if hmac.compare_digest(given, token.encode()):
                found = role
        if found is None:
            raise HTTPException(401, "a valid token is needed: Authorization: Bearer …", {"WWW-Authenticate": "Bearer"})
        return found


def access_for(host: str) -> Access:
    """Tokens from the environment; demanded wherever others than this machine can connect.

    Raises:
        ConfigurationError: ``host`` is no loopback address and a token is missing, or a token is too short.
    """
    tokens = tuple((role, os.environ[name]) for role, name in VARIABLES.items() if os.environ.get(name))
    for role, token in tokens:
        if len(token) < SHORTEST_TOKEN:
            raise ConfigurationError(f"{VARIABLES[role]} is shorter than {SHORTEST_TOKEN} characters; take a longer, random one")
    if not tokens and not is_loopback(host):
        raise ConfigurationError(
            f"--host {host} lets other machines connect: set {VARIABLES['engineer']} (and {VARIABLES['operator']}) "
            "to a long random text first, or stay on 127.0.0.1"
        )
    return Access(tokens)


def is_loopback(host: str) -> bool:
    """True for localhost and loopback addresses."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_other_sites(request: Request, access: Access) -> None:
    """A page of another site must not make a browser change anything here, nor reach loopback under another name.

    Raises:
        HTTPException: 403.
    """
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    if not access.tokens and not is_loopback(host):
        raise HTTPException(403, "this station answers on localhost only")
    origin = request.headers.get("origin")
    changes = request.method not in SAFE_METHODS
    if changes and origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "the request came from another site")


def engineer(request: Request) -> None:
    """A dependency of what only engineers may do.

    Raises:
        HTTPException: 403 for an operator.
    """
    if request.state.role != "engineer":
        raise HTTPException(403, "only an engineer may do this")
