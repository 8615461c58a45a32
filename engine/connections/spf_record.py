"""What an SPF record is worth: who may send by it, and whether receivers can still evaluate it (RFC 7208)."""

from collections.abc import Callable

from storage.kinds import RecordState

MOST_LOOKUPS = 10  # RFC 7208 4.6.4: more of them is a permanent error, and the record counts for nothing
_ASKING = ("a", "mx", "ptr", "exists")
Ask = Callable[[str], tuple[str, ...] | None]  # the texts of a name; None: the resolver did not say


class _BrokenError(Exception):
    """The record can't be evaluated; the message says where."""


class _NotToldError(Exception):
    """The resolver did not say, so the count is not known."""


def judged(domain: str, record: str, ask: Ask) -> tuple[RecordState, str]:
    """The state of a domain's one SPF record, and what to change."""
    if {"+all", "all"} & set(record.lower().split()):
        return RecordState.WRONG, f"The SPF record of {domain} lets everybody send in its name (+all); end it with ~all."
    try:
        count = _lookups(record, ask, 0, (domain,))
    except _BrokenError as problem:
        return RecordState.WRONG, f"The SPF record of {domain} can't be evaluated: {problem}"
    except _NotToldError:
        return RecordState.UNKNOWN, "SPF is there, but what it includes could not all be looked up."
    if count > MOST_LOOKUPS:
        return (
            RecordState.WRONG,
            f"The SPF record of {domain} needs more than {MOST_LOOKUPS} lookups, so receivers ignore it; take out includes"
            " of services that no longer send for it.",
        )
    return RecordState.PRESENT, ""


def _lookups(record: str, ask: Ask, before: int, path: tuple[str, ...]) -> int:
    """How many lookups the record costs, those before it counted; it stops counting above the limit."""
    count = before
    terms = [term.lstrip("+-~?") for term in record.lower().split()[1:]]
    for term in terms:
        name, value = _parts(term)
        if name in _ASKING:
            count += 1
        elif name == "include" or (name == "redirect" and "all" not in terms):
            count = _followed(name, value, ask, count + 1, path)
        if count > MOST_LOOKUPS:
            return count
    return count


def _followed(name: str, value: str, ask: Ask, count: int, path: tuple[str, ...]) -> int:
    if "%" in value or count > MOST_LOOKUPS:  # a macro depends on the mail; that it costs a lookup is all one can know
        return count
    if not value or value in path:
        raise _BrokenError(f"{name} of {value or 'nothing'} leads in a circle; take it out.")
    texts = ask(value)
    if texts is None:
        raise _NotToldError
    policies = [text for text in texts if text.lower().split()[:1] == ["v=spf1"]]
    if len(policies) != 1:
        raise _BrokenError(f"it names {value}, which has {'no SPF record' if not policies else 'several'}; take it out.")
    return _lookups(policies[0], ask, count, (*path, value))


def _parts(term: str) -> tuple[str, str]:
    """A mechanism or modifier and what it names, without a prefix length."""
    for sign in (":", "="):
        name, found, value = term.partition(sign)
        if found and "/" not in name:
            return name, value.partition("/")[0].rstrip(".")
    return term.partition("/")[0], ""
