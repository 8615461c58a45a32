"""When a mail's proofs speak for the domain in its From: DMARC's alignment, and what a signature covers.

RFC 7489 3.1: relaxed alignment asks for the same organisational domain, strict for the very same. The organisational domain
is found as DMARC's revision does, by the record's own place in the tree; a public suffix is never one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

# RFC 8058 3.1: without them under a signature no provider shows its one-click button.
MUST_COVER = ("list-unsubscribe", "list-unsubscribe-post")


@dataclass(frozen=True, slots=True)
class Policy:
    """What a DMARC record asks for. `at` is the domain whose record it is: the From domain's own, or one above it."""

    at: str
    wanted: str  # none, quarantine, reject
    strict_dkim: bool = False
    strict_spf: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM-Signature: who signed, by which selector, and which headers it covers, in lower case."""

    domain: str
    selector: str
    covers: frozenset[str]

    @property
    def covers_unsubscribing(self) -> bool:
        return all(header in self.covers for header in MUST_COVER)


def is_aligned(domain: str, proved: str, policy: Policy | None, *, strict: bool) -> bool:
    """Whether what was proved for one domain counts for a mail whose From has the other."""
    ours, theirs = domain.lower().rstrip("."), proved.lower().rstrip(".")
    if ours == theirs:
        return bool(ours)
    if strict or "." not in theirs:
        return False
    if _is_below(ours, theirs) or _is_below(theirs, ours):
        return True
    return policy is not None and "." in policy.at and all(_is_in(each, policy.at) for each in (ours, theirs))


def aligned(domain: str, signatures: Iterable[Signature], policy: Policy | None) -> list[Signature]:
    """The signatures that count for the From domain."""
    strict = policy is not None and policy.strict_dkim
    return [each for each in signatures if is_aligned(domain, each.domain, policy, strict=strict)]


def _is_below(name: str, above: str) -> bool:
    return name.endswith(f".{above}")


def _is_in(name: str, above: str) -> bool:
    return name == above or _is_below(name, above)
