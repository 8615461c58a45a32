"""Posting to a webhook: HTTPS to one judged address, signed, no redirect followed, the answer read with suspicion.

Signature: `Outpost-Signature: v1=` and the HMAC-SHA256, in hex, over the timestamp of `Outpost-Timestamp`, a dot and the
body, under the webhook's secret. Whoever receives it refuses an old timestamp, so that nothing can be played back.
"""

import hashlib
import hmac
import http.client
import ssl
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from engine.connections.judged_https import JudgedHttps
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.trouble import ConnectionTrouble, Trouble, certificate_trouble, scrub
from engine.connections.trust import trusted

SECONDS = 10.0
LONGEST = 500
_MOST_BYTES = 2_000
_BAD_ADDRESS = "Enter the webhook's whole address; it begins with https:// and names a host."


class BadAddress(Exception):  # noqa: N818 - it is told to a person
    """Not an address that alerts may be posted to; the message is a whole sentence."""


@dataclass(frozen=True, slots=True)
class Call:
    """One post, ready to go. `timestamp` is in seconds since 1970."""

    address: str = field(repr=False)
    secret: str = field(repr=False)
    delivery: str  # the same at every attempt, so that a doubled one can be recognised
    event: str
    body: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is 0 where no answer came; `words` are the server's own, or why there are none."""

    status: int
    words: str

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == http.client.GONE

    @property
    def sentence(self) -> str:
        if not self.status:
            return self.words
        said = f' and said: "{self.words}"' if self.words else ""
        if 300 <= self.status < 400:
            return f"It answered {self.status}, a redirect, which is not followed: enter the address where it ends."
        return f"It answered {self.status}{said}"


def checked(address: str) -> SplitResult:
    """The address in parts; BadAddress for one that can't be meant."""
    tidy = address.strip()
    if len(tidy) > LONGEST or any(not 32 < ord(character) < 127 for character in tidy):
        raise BadAddress(f"{_BAD_ADDRESS} It has letters and signs of ASCII only, {LONGEST} at most.")
    try:
        parts = urlsplit(tidy)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadAddress(_BAD_ADDRESS) from error
    if parts.scheme != "https" or not host:
        raise BadAddress(_BAD_ADDRESS)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadAddress("The address may hold no user name, password or #; every post is signed instead.")
    return parts


def signature(secret: str, timestamp: int, body: bytes) -> str:
    return "v1=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def headers(call: Call) -> dict[str, str]:
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Outpost",
        "Outpost-Event": call.event,
        "Outpost-Delivery": call.delivery,
        "Outpost-Timestamp": str(call.timestamp),
        "Outpost-Signature": signature(call.secret, call.timestamp, call.body),
    }


def post(call: Call, network: NetworkGuard, ca_file: str | None = None, seconds: float = SECONDS) -> Answer:
    """Post it once within `seconds`; never raises."""
    try:
        parts = checked(call.address)
    except BadAddress as problem:
        return Answer(0, str(problem))
    host, port = parts.hostname or "", parts.port or 443
    deadline = Deadline.after(seconds)
    connection = JudgedHttps(host, port, network, trusted(ca_file), deadline)
    try:
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request("POST", path, body=call.body, headers=headers(call))
        answer = connection.getresponse()
        return Answer(answer.status, scrub(answer.read(_MOST_BYTES)))
    except ConnectionTrouble as trouble:
        return Answer(0, _sentence(trouble))
    except TimeoutError:
        return Answer(0, ConnectionTrouble(Trouble.TIMED_OUT, host, port).sentence)
    except ssl.SSLError as error:
        return Answer(0, ConnectionTrouble(_of_tls(error), host, port).sentence)
    except (OSError, http.client.HTTPException, ValueError):
        return Answer(0, f"{host} gave no usable answer on port {port}; try again later.")
    finally:
        connection.close()


def _sentence(trouble: ConnectionTrouble) -> str:
    if trouble.trouble is Trouble.PORT_NOT_ALLOWED:
        return "Only port 443 is used on the public internet; leave the port out of the address."
    return trouble.sentence


def _of_tls(error: ssl.SSLError) -> Trouble:
    found = certificate_trouble(error)
    return Trouble.NOT_ENCRYPTED if found is Trouble.WRONG_SECURITY else found
