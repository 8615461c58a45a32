"""XOAUTH2: how a token is shown to a mail server, and what its refusal says."""

import base64
import binascii
import json
from collections.abc import Callable

from engine.channels.effects import Bearer
from engine.connections.trouble import ConnectionTrouble, Trouble


def xoauth2(username: str, token: str) -> str:
    return f"user={username}\1auth=Bearer {token}\1\1"


def by_token(bearer: Bearer, sign_in: Callable[[str], None]) -> None:
    """Sign in; a token that the server refuses is renewed once, for it may have been revoked before its time."""
    token = bearer("")
    try:
        sign_in(token)
    except ConnectionTrouble as trouble:
        if trouble.trouble is not Trouble.TOKEN_REFUSED:
            raise
        sign_in(bearer(token))


def refused_status(challenge: bytes) -> str:
    """What a refusing server's challenge ({"status":"401","schemes":"bearer",…}, in base64 or not) says, in words."""
    try:
        found = json.loads(challenge if challenge.startswith(b"{") else base64.b64decode(challenge))
    except (binascii.Error, ValueError):
        return ""
    return f"token status {found['status']}" if isinstance(found, dict) and found.get("status") else ""
