"""What the sign-in stand-in knows: the apps, the consents, codes and tokens, and how the providers feel at the moment."""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine import clock

# The apps that the practice workspace is set up with; a test may add others.
GOOGLE_ID = "practice-outpost.apps.googleusercontent.com"
GOOGLE_SECRET = "practice-google-secret"
MICROSOFT_ID = "0f5e7c1a-3b7d-4e0b-9a51-6d2f1c8b7a90"
MICROSOFT_SECRET = "practice~microsoft.secret"
MAIL_SCOPES = ("https://mail.google.com/", "https://outlook.office.com/IMAP.AccessAsUser.All")
CODE_LIFE, TOKEN_LIFE = 600.0, 3600.0


class Policy(StrEnum):
    """What a tenant (the address's domain) does with an app that asks."""

    NORMAL = "normal"
    APPROVAL = "approval"  # an administrator must consent first
    BLOCKED = "blocked"  # a Conditional Access policy refuses everybody


class Unwell(StrEnum):
    """How a provider that is in trouble answers its token endpoint."""

    BUSY = "503"
    THROTTLED = "429"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person allowed, as the code carries it; `scopes` without what was unticked."""

    client_id: str
    redirect: str
    address: str
    scopes: tuple[str, ...]
    challenge: str = ""
    nonce: str = ""
    is_offline: bool = True
    is_anew: bool = True  # asked although it had been given before


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token opens, until when (on the monotonic clock)."""

    address: str
    scopes: tuple[str, ...]
    grant: str
    ends: float

    @property
    def is_for_graph(self) -> bool:
        return any(scope.startswith("https://graph.microsoft.com/") for scope in self.scopes)


@dataclass
class Book:
    """All of it, changed under `lock`. Tests reach in and change the fields that have no underscore."""

    clients: dict[str, str] = field(default_factory=lambda: {GOOGLE_ID: GOOGLE_SECRET, MICROSOFT_ID: MICROSOFT_SECRET})
    redirects: set[str] | None = None  # None: any on this computer
    policies: dict[str, Policy] = field(default_factory=dict)  # by domain; a domain may also be named after its policy
    approved: set[tuple[str, str]] = field(default_factory=set)  # client id and domain
    unwell: Unwell | None = None
    unwell_at: str = "token"  # how the path ends at which it is unwell
    loses_answers: bool = False  # a code is redeemed, and its answer never arrives whole
    refusals: list[tuple[str, str]] = field(default_factory=list)  # the next token answers: error and description
    token_life: float = TOKEN_LIFE
    rotates: bool = True  # Microsoft: a new refresh token each time …
    is_strict: bool = False  # … and the old one is good for nothing afterwards, nor is what came of it
    id_token_shift: int = 0  # seconds by which the times in id tokens are off
    refreshes: int = 0
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)  # Graph's, by their numbers
    graph_refusals: list[tuple[int, str]] = field(default_factory=list)  # the next answers: status and code
    deliver: Callable[[str, bytes], None] = lambda _address, _content: None  # where what Graph sends goes
    lock: threading.RLock = field(default_factory=threading.RLock)
    _codes: dict[str, tuple[Consent, float]] = field(default_factory=dict)
    _grants: dict[str, Consent] = field(default_factory=dict)  # by refresh token
    _spent: dict[str, Consent] = field(default_factory=dict)
    _access: dict[str, Access] = field(default_factory=dict)
    _known: set[tuple[str, str]] = field(default_factory=set)  # client and address that have consented at Google before

    def vouches(self, address: str, token: str) -> bool:
        access = self.opened_by(token)
        return access is not None and access.address == address.lower() and not access.is_for_graph

    def keep(self, file: Path) -> None:
        """What people granted outlives the process, as it would at a provider."""
        with self.lock:
            grants = {token: asdict(consent) for token, consent in self._grants.items()}
            file.touch(mode=0o600)
            file.write_text(json.dumps({"grants": grants, "approved": sorted(self.approved)}))

    def restore(self, file: Path) -> None:
        if not file.exists():
            return
        kept = json.loads(file.read_text())
        for token, fields in kept["grants"].items():
            self._grants[token] = Consent(**{**fields, "scopes": tuple(fields["scopes"])})
        self.approved |= {(client_id, domain) for client_id, domain in kept["approved"]}

    def is_client(self, client_id: str, secret: str) -> bool:
        return client_id in self.clients and self.clients[client_id] == secret

    def policy(self, address: str, client_id: str) -> Policy:
        domain = address.rpartition("@")[2].lower()
        named = next((policy for policy in Policy if domain.startswith(f"{policy}.")), Policy.NORMAL)
        policy = self.policies.get(domain, named)
        return Policy.NORMAL if policy is Policy.APPROVAL and (client_id, domain) in self.approved else policy

    def code_for(self, consent: Consent) -> str:
        code = secrets.token_urlsafe(24)
        self._codes[code] = (consent, clock.monotonic() + CODE_LIFE)
        return code

    def redeem(self, code: str, redirect: str, verifier: str) -> Consent | None:
        """The consent behind a code, once; None when any part of it does not fit."""
        consent, ends = self._codes.pop(code, (None, 0.0))
        if consent is None or clock.monotonic() > ends or consent.redirect != redirect:
            return None
        digest = hashlib.sha256(verifier.encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return consent if consent.challenge == proof else None

    def grant_for(self, consent: Consent) -> str:
        """A refresh token; like Google, none for a second consent that was not asked for anew."""
        pair = (consent.client_id, consent.address)
        if not consent.is_offline or (not consent.is_anew and pair in self._known):
            return ""
        self._known.add(pair)
        token = secrets.token_urlsafe(32)
        self._grants[token] = consent
        return token

    def refresh(self, token: str, *, rotate: bool) -> tuple[Consent, str] | None:
        """What a refresh token stands for, and the token that follows it ("" where it stays)."""
        self.refreshes += 1
        if token in self._spent and self.is_strict:
            self.revoke_all(self._spent[token].address)
        consent = self._grants.get(token)
        if consent is None:
            return None
        if not (rotate and self.rotates):
            return consent, ""
        following = secrets.token_urlsafe(32)
        self._grants[following] = consent
        if self.is_strict:
            self._spent[token] = self._grants.pop(token)
        return consent, following

    def access_for(self, consent: Consent, scopes: tuple[str, ...]) -> str:
        token = secrets.token_urlsafe(32)
        self._access[token] = Access(consent.address, scopes, consent.client_id, clock.monotonic() + self.token_life)
        return token

    def opened_by(self, token: str) -> Access | None:
        access = self._access.get(token)
        return access if access is not None and clock.monotonic() < access.ends else None

    def revoke(self, token: str) -> bool:
        """Google's revocation: of a refresh token or an access token, and everything of that address and app with it."""
        consent = self._grants.get(token)
        address = consent.address if consent else access.address if (access := self._access.get(token)) else None
        if address is None:
            return False
        self.revoke_all(address)
        return True

    def revoke_all(self, address: str) -> None:
        with self.lock:
            self._grants = {token: one for token, one in self._grants.items() if one.address != address}
            self._access = {token: one for token, one in self._access.items() if one.address != address}
            self._known = {pair for pair in self._known if pair[1] != address}

    def expire_access(self, address: str) -> None:
        """The access tokens of an address end before their time; the grant lives."""
        with self.lock:
            self._access = {token: one for token, one in self._access.items() if one.address != address}

    def live_grants(self, address: str) -> int:
        with self.lock:
            return sum(one.address == address for one in self._grants.values())


def id_token(claims: Mapping[str, Any]) -> str:
    """A JWT in form; nobody here checks its signature, since it comes straight over TLS."""
    parts = ({"alg": "RS256", "typ": "JWT", "kid": "practice"}, dict(claims))
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


def tenant_of(address: str) -> str:
    """A tenant id that stays the same for a domain."""
    digits = hashlib.sha256(address.rpartition("@")[2].lower().encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
