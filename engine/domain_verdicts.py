"""What a mail that an address sent to itself proves about its domain: alignment, and whether unsubscribing is signed."""

from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message
from typing import Any

from engine.rules.alignment import MUST_COVER, Policy, Signature, aligned, is_aligned
from storage.kinds import RecordState

_MOST_SIGNATURES = 10
_NOT_SEEN = "Let an address send a mail to itself, and this is read from it."


@dataclass(frozen=True, slots=True)
class Seen:
    """What the mail carried when it came: its signatures, and the domain of its envelope sender ("" where not told)."""

    signatures: tuple[Signature, ...]
    envelope: str

    def kept(self) -> dict[str, Any]:
        signatures = [{"domain": s.domain, "selector": s.selector, "covers": sorted(s.covers)} for s in self.signatures]
        return {"signatures": signatures, "envelope": self.envelope}


@dataclass(frozen=True, slots=True)
class Finding:
    state: RecordState
    note: str


def seen_in(headers: Message) -> Seen:
    """Read from the headers of a mail; odd ones count for nothing."""
    signatures = headers.get_all("DKIM-Signature") or []
    read = [_signature(str(value)) for value in signatures[:_MOST_SIGNATURES]]
    envelope = str(headers.get("Return-Path") or "").strip().strip("<>").rpartition("@")[2]
    return Seen(tuple(each for each in read if each is not None), _name(envelope))


def restored(kept: dict[str, Any] | None) -> Seen | None:
    if not kept:
        return None
    signatures = [Signature(one["domain"], one["selector"], frozenset(one["covers"])) for one in kept["signatures"]]
    return Seen(tuple(signatures), kept["envelope"])


def alignment(domain: str, seen: Seen | None, policy: Policy | None) -> Finding:
    """DMARC asks that the signature or the envelope speaks for the domain in From."""
    if seen is None:
        return Finding(RecordState.UNCONFIRMED, _NOT_SEEN)
    if aligned(domain, seen.signatures, policy):
        return Finding(RecordState.PRESENT, "")
    strict = policy is not None and policy.strict_spf
    if is_aligned(domain, seen.envelope, policy, strict=strict):
        others = _names(each.domain for each in seen.signatures)
        signed = f"is signed for {others}" if others else "carried no signature (some providers sign only what leaves them)"
        words = (
            f"The mail {signed}, so only SPF speaks for {domain}, and forwarding breaks that; sign with DKIM for {domain}."
        )
        return Finding(RecordState.UNCONFIRMED, words)
    proved = _names([*(each.domain for each in seen.signatures), seen.envelope])
    if not proved:
        return Finding(RecordState.UNCONFIRMED, "The mail to oneself carried neither a signature nor a sender to compare.")
    words = f"Mails from {domain} are proved for {proved} only, which DMARC does not count{_asked(policy)}; let the provider"
    return Finding(RecordState.WRONG, f"{words} sign with DKIM for {domain}.")


def unsubscribing(domain: str, seen: Seen | None, policy: Policy | None) -> Finding:
    """RFC 8058: a signature must cover both headers of the one-click way out."""
    if seen is None:
        return Finding(RecordState.UNCONFIRMED, _NOT_SEEN)
    if not seen.signatures:
        words = "The mail to oneself carried no signature; some providers sign only what leaves them."
        return Finding(RecordState.UNCONFIRMED, words)
    counting = aligned(domain, seen.signatures, policy) or list(seen.signatures)
    if any(each.covers_unsubscribing for each in counting):
        return Finding(RecordState.PRESENT, "")
    best = max(counting, key=lambda each: sum(header in each.covers for header in MUST_COVER))
    missing = " and ".join(_title(header) for header in MUST_COVER if header not in best.covers)
    words = f"The DKIM signature does not cover {missing}, so mailbox providers show no unsubscribe button; add"
    return Finding(RecordState.WRONG, f"{words} {'them' if ' and ' in missing else 'it'} to the signed headers.")


def _signature(value: str) -> Signature | None:
    tags = {name.strip().lower(): "".join(text.split()) for name, _, text in (p.partition("=") for p in value.split(";"))}
    domain, selector = _name(tags.get("d", "")), _name(tags.get("s", ""))
    if not domain or not selector:
        return None
    return Signature(domain, selector, frozenset(tags.get("h", "").lower()[:4_000].split(":")))


def _name(text: str) -> str:
    """A name of DNS, or nothing."""
    tidy = text.strip().lower().rstrip(".")
    fits = 0 < len(tidy) < 254 and all(c.isascii() and (c.isalnum() or c in "-._") for c in tidy)
    return tidy if fits else ""


def _names(given: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(name for name in given if name))


def _asked(policy: Policy | None) -> str:
    return " (its record asks for strict alignment)" if policy and (policy.strict_dkim or policy.strict_spf) else ""


def _title(header: str) -> str:
    return "-".join(word.capitalize() for word in header.split("-"))
