"""A mail domain's SPF, DKIM and DMARC as DNS tells them; a resolver that does not answer proves nothing.

SPF: RFC 7208 (one record, not inherited). DMARC: RFC 7489, inherited from the domains above. DKIM's selectors can't
be listed, so none among the usual ones is "not confirmed"; it is missing only where nothing exists below `_domainkey`
(RFC 8020).
"""

from collections.abc import Callable
from dataclasses import dataclass

import dns.exception
import dns.resolver

from engine.connections.network import Deadline
from storage.kinds import RecordState

SELECTORS = ("google", "selector1", "selector2", "default", "dkim", "mail", "k1", "s1", "s2", "fm1", "protonmail", "zoho")
SECONDS = 8.0
_POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True)
class Texts:
    """The TXT records of a name; `exists` also where it has none but something lies there or below."""

    records: tuple[str, ...] = ()
    exists: bool = True


Ask = Callable[[str, float], Texts | None]  # None: the resolver did not say


@dataclass(frozen=True, slots=True)
class Records:
    """What was found; `note` says what is wrong, sentence by sentence."""

    spf: RecordState
    dkim: RecordState
    dmarc: RecordState
    note: str


def asker(resolver: dns.resolver.Resolver | None = None) -> Ask:
    """How names are looked up: with this machine's resolver, or the given one."""

    def ask(name: str, seconds: float) -> Texts | None:
        try:
            answer = (resolver or dns.resolver.get_default_resolver()).resolve(name, "TXT", lifetime=seconds, search=False)
        except dns.resolver.NXDOMAIN:
            return Texts(exists=False)
        except dns.resolver.NoAnswer:
            return Texts()
        except (dns.exception.DNSException, OSError):
            return None
        return Texts(tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer))

    return ask


def look(domain: str, ask: Ask, seconds: float = SECONDS) -> Records:
    """Ask for all three within `seconds`; what could not be asked is unknown."""
    deadline = Deadline.after(seconds)

    def quick(name: str) -> Texts | None:
        try:
            return ask(name, min(3.0, deadline.left()))
        except TimeoutError:
            return None

    found = _spf(domain, quick), _dkim(domain, quick), _dmarc(domain, quick)
    states, notes = [state for state, _ in found], [note for _, note in found if note]
    return Records(states[0], states[1], states[2], " ".join(notes))


_Quick = Callable[[str], Texts | None]
_Found = tuple[RecordState, str]


def _spf(domain: str, ask: _Quick) -> _Found:
    said = ask(domain)
    if said is None:
        return RecordState.UNKNOWN, "SPF could not be looked up."
    policies = [words for words in map(_words, said.records) if words[:1] == ["v=spf1"]]
    if not policies:
        return RecordState.MISSING, f"{domain} has no SPF record, so its mails look forged."
    if len(policies) > 1:
        return RecordState.WRONG, f"{domain} has {len(policies)} SPF records; keep one, for several count as none."
    if {"+all", "all"} & set(policies[0]):
        return RecordState.WRONG, f"The SPF record of {domain} lets everybody send in its name (+all); end it with ~all."
    return RecordState.PRESENT, ""


def _dmarc(domain: str, ask: _Quick) -> _Found:
    """The domain's own record, or that of the nearest domain above it."""
    labels = domain.split(".")
    for at in range(max(1, len(labels) - 1)):
        said = ask(f"_dmarc.{'.'.join(labels[at:])}")
        if said is None:
            return RecordState.UNKNOWN, "DMARC could not be looked up."
        policies = [tags for tags in map(_tags, said.records) if tags.get("v") == "dmarc1"]
        if len(policies) == 1 and policies[0].get("p") in _POLICIES:
            return RecordState.PRESENT, ""
        if policies:
            return RecordState.WRONG, f"The DMARC record of {domain} can't be read by receivers; correct it."
    return RecordState.MISSING, f"{domain} has no DMARC record; large providers want at least “v=DMARC1; p=none”."


def _dkim(domain: str, ask: _Quick) -> _Found:
    below = ask(f"_domainkey.{domain}")
    if below is None:
        return RecordState.UNKNOWN, "DKIM could not be looked up."
    if not below.exists:
        return RecordState.MISSING, f"{domain} has no DKIM key, so its mails carry no signature."
    for selector in SELECTORS:
        said = ask(f"{selector}._domainkey.{domain}")
        if said is not None and any(_tags(record).get("p") for record in said.records):
            return RecordState.PRESENT, ""
    return RecordState.UNCONFIRMED, f"No DKIM key of {domain} was found under the usual names; it may have another."


def _words(record: str) -> list[str]:
    return record.lower().split()


def _tags(record: str) -> dict[str, str]:
    """ "v=DMARC1; p=none" as names and values in lower case."""
    pairs = (part.partition("=") for part in record.lower().split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}
