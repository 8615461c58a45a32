"""A mail domain's MX, SPF, DKIM and DMARC as DNS tells them; a resolver that does not answer proves nothing.

SPF: RFC 7208 (one record, not inherited, ten lookups at most). DMARC: RFC 7489, inherited from the domains above. DKIM's
selectors can't be listed, so none among the usual ones is "not confirmed"; it is missing only where nothing exists below
`_domainkey` (RFC 8020).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import dns.exception
import dns.resolver

from engine.connections.network import Deadline
from engine.connections.spf_record import judged
from engine.rules.alignment import Policy
from storage.kinds import RecordState

SELECTORS = ("google", "selector1", "selector2", "default", "dkim", "mail", "k1", "s1", "s2", "fm1", "protonmail", "zoho")
SECONDS = 12.0
# RFC 6761: they exist in no DNS, so that "no such name" says nothing about them, and asking would only leak them.
_RESERVED = frozenset({"test", "example", "invalid", "localhost"})
_POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True)
class Texts:
    """The records of a name; `exists` also where it has none but something lies there or below."""

    records: tuple[str, ...] = ()
    exists: bool = True


Ask = Callable[[str, str, float], Texts | None]  # a name, a kind (TXT, MX, A), seconds; None: the resolver did not say


@dataclass(frozen=True, slots=True)
class Records:
    """What was found; `notes` says of each record what is wrong and what to change, and is empty where nothing is."""

    spf: RecordState
    dkim: RecordState
    dmarc: RecordState
    mx: RecordState
    notes: dict[str, str] = field(default_factory=dict)
    policy: Policy | None = None

    @property
    def note(self) -> str:
        return " ".join(filter(None, self.notes.values()))


def asker(resolver: dns.resolver.Resolver | None = None) -> Ask:
    """How names are looked up: with this machine's resolver, or the given one."""

    def ask(name: str, kind: str, seconds: float) -> Texts | None:
        if resolver is None and name.rpartition(".")[2].lower() in _RESERVED:
            return None
        try:
            answer = (resolver or dns.resolver.get_default_resolver()).resolve(name, kind, lifetime=seconds, search=False)
        except dns.resolver.NXDOMAIN:
            return Texts(exists=False)
        except dns.resolver.NoAnswer:
            return Texts()
        except (dns.exception.DNSException, OSError, ValueError):
            return None
        if kind != "TXT":
            return Texts(tuple(record.to_text() for record in answer))
        return Texts(tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer))

    return ask


def look(domain: str, selectors: Sequence[str], ask: Ask, seconds: float = SECONDS) -> Records:
    """Ask for all within `seconds`; what could not be asked is unknown. `selectors` are those that people or mails named."""
    deadline = Deadline.after(seconds)

    def quick(name: str, kind: str = "TXT") -> Texts | None:
        try:
            return ask(name, kind, min(3.0, deadline.left()))
        except TimeoutError:
            return None

    mx, spf = _mx(domain, quick), _spf(domain, quick)
    (dmarc, dmarc_note), policy = _dmarc(domain, quick)
    dkim, dkim_note = _dkim(domain, selectors, quick)
    notes = {"mx": mx[1], "spf": spf[1], "dkim": dkim_note, "dmarc": dmarc_note}
    return Records(spf[0], dkim, dmarc, mx[0], notes, policy)


_Quick = Callable[..., Texts | None]
_Found = tuple[RecordState, str]


def _mx(domain: str, ask: _Quick) -> _Found:
    said = ask(domain, "MX")
    if said is None:
        return RecordState.UNKNOWN, "MX could not be looked up."
    hosts = [record.split()[-1].rstrip(".") for record in said.records]
    if any(hosts):
        return RecordState.PRESENT, ""
    if said.records:  # RFC 7505: a null MX
        return (
            RecordState.WRONG,
            f"The MX record of {domain} says that it takes no mail, so replies are lost; name its server.",
        )
    address = ask(domain, "A") if said.exists else Texts(exists=False)
    if address is None:
        return RecordState.UNKNOWN, "MX could not be looked up."
    if address.records:  # RFC 5321 5.1: without an MX, mail goes to the address itself
        return RecordState.UNCONFIRMED, f"{domain} has no MX record; mail goes to its web address. Add the mail server's MX."
    return RecordState.MISSING, f"{domain} has no MX record, so replies and bounces can't come; add the mail server's."


def _spf(domain: str, ask: _Quick) -> _Found:
    said = ask(domain)
    if said is None:
        return RecordState.UNKNOWN, "SPF could not be looked up."
    policies = [record for record in said.records if record.lower().split()[:1] == ["v=spf1"]]
    if not policies:
        return (
            RecordState.MISSING,
            f"{domain} has no SPF record, so its mails look forged; add the one of the mail provider.",
        )
    if len(policies) > 1:
        return RecordState.WRONG, f"{domain} has {len(policies)} SPF records; keep one, for several count as none."

    def texts(name: str) -> tuple[str, ...] | None:
        answer = ask(name)
        return None if answer is None else answer.records

    return judged(domain, policies[0], texts)


def _dmarc(domain: str, ask: _Quick) -> tuple[_Found, Policy | None]:
    """The domain's own record, or that of the nearest domain above it."""
    labels = domain.split(".")
    for at in range(max(1, len(labels) - 1)):
        place = ".".join(labels[at:])
        said = ask(f"_dmarc.{place}")
        if said is None:
            return (RecordState.UNKNOWN, "DMARC could not be looked up."), None
        policies = [tags for tags in map(_tags, said.records) if tags.get("v") == "dmarc1"]
        if len(policies) > 1:
            return (RecordState.WRONG, f"_dmarc.{place} has {len(policies)} records; keep one."), None
        if policies:
            return _read(domain, place, policies[0])
    missing = f"{domain} has no DMARC record; large providers want at least “v=DMARC1; p=none” at _dmarc.{domain}."
    return (RecordState.MISSING, missing), None


def _read(domain: str, place: str, tags: dict[str, str]) -> tuple[_Found, Policy | None]:
    wanted = tags.get("p", "") if place == domain else tags.get("sp", tags.get("p", ""))
    if tags.get("p") not in _POLICIES or wanted not in _POLICIES:
        unread = f"The DMARC record of {domain} can't be read by receivers; its p must be none, quarantine or reject."
        return (RecordState.WRONG, unread), None
    policy = Policy(place, wanted, tags.get("adkim") == "s", tags.get("aspf") == "s")
    return (RecordState.PRESENT, ""), policy


def _dkim(domain: str, selectors: Sequence[str], ask: _Quick) -> _Found:
    below = ask(f"_domainkey.{domain}")
    if below is None:
        return RecordState.UNKNOWN, "DKIM could not be looked up."
    if not below.exists:
        return (
            RecordState.MISSING,
            f"{domain} has no DKIM key, so its mails carry no signature; switch it on at the provider.",
        )
    for selector in dict.fromkeys([*selectors, *SELECTORS]):
        said = ask(f"{selector}._domainkey.{domain}")
        if said is not None and any(_tags(record).get("p") for record in said.records):
            return RecordState.PRESENT, ""
    tried = f", nor under {', '.join(selectors)}" if selectors else ""
    return (
        RecordState.UNCONFIRMED,
        f"No DKIM key of {domain} was found under the usual names{tried}; enter its selector, or let a mail show it.",
    )


def _tags(record: str) -> dict[str, str]:
    """ "v=DMARC1; p=none" as names and values in lower case."""
    pairs = (part.partition("=") for part in record.lower().split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}
