"""MX and SPF in their details: who takes replies, who may send, and whether receivers can still evaluate the record."""

from collections.abc import Mapping

import pytest

from engine.connections.domain_records import Texts, look
from engine.connections.spf_record import judged
from engine.rules.alignment import Policy
from storage.kinds import RecordState

PRESENT, MISSING, WRONG = RecordState.PRESENT, RecordState.MISSING, RecordState.WRONG
UNCONFIRMED, UNKNOWN = RecordState.UNCONFIRMED, RecordState.UNKNOWN
CHAIN = {f"i{n}.test": (f"v=spf1 include:i{n + 1}.test ~all",) for n in range(1, 12)} | {"i12.test": ("v=spf1 ~all",)}


@pytest.mark.parametrize(
    ("record", "others", "state", "said"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", {}, PRESENT, ""),
        ("v=spf1 +all", {}, WRONG, "lets everybody send"),
        ("v=spf1 include:x.test all", {}, WRONG, "lets everybody send"),
        ("V=SPF1 A MX A:mail.a.test/28 MX:b.test EXISTS:%{i}.x.test PTR ~ALL", {}, PRESENT, ""),
        ("v=spf1 " + "a " * 10 + "-all", {}, PRESENT, ""),
        ("v=spf1 " + "a " * 11 + "-all", {}, WRONG, "more than 10 lookups"),
        ("v=spf1 include:i3.test -all", CHAIN, PRESENT, ""),  # 3 to 12 is ten
        ("v=spf1 include:i2.test -all", CHAIN, WRONG, "more than 10 lookups"),
        ("v=spf1 redirect=i3.test", CHAIN, PRESENT, ""),
        ("v=spf1 redirect=nothing.test -all", {}, PRESENT, ""),  # beside an "all" it is ignored
        ("v=spf1 include:nothing.test -all", {}, WRONG, "names nothing.test, which has no SPF record"),
        ("v=spf1 include:two.test -all", {"two.test": ("v=spf1 -all", "v=spf1 ~all")}, WRONG, "which has several"),
        ("v=spf1 include:a.test -all", {}, WRONG, "in a circle"),
        ("v=spf1 include:b.test -all", {"b.test": ("v=spf1 include:a.test",)}, WRONG, "in a circle"),
        ("v=spf1 include: -all", {}, WRONG, "in a circle"),
        ("v=spf1 include:silent.test -all", {}, UNKNOWN, "could not all be looked up"),
        ("v=spf1 include:%{d}.x.test -all", {}, PRESENT, ""),
    ],
)
def test_what_an_spf_record_is_worth(
    record: str, others: Mapping[str, tuple[str, ...]], state: RecordState, said: str
) -> None:
    found, note = judged("a.test", record, lambda name: None if name == "silent.test" else others.get(name, ()))
    assert found is state
    assert said in note
    assert bool(note) == (state is not PRESENT)


@pytest.mark.parametrize(
    ("mx", "address", "state"),
    [
        (Texts(("10 mx.acme.test.",)), Texts(), PRESENT),
        (Texts(("0 .",)), Texts(), WRONG),  # it says that it takes no mail
        (Texts(), Texts(("192.0.2.1",)), UNCONFIRMED),
        (Texts(), Texts(), MISSING),
        (Texts(exists=False), None, MISSING),
        (None, Texts(), UNKNOWN),
        (Texts(), None, UNKNOWN),
    ],
)
def test_what_an_mx_is_worth(mx: Texts | None, address: Texts | None, state: RecordState) -> None:
    found = look("acme.test", (), lambda name, kind, _s: {"MX": mx, "A": address}.get(kind, Texts(exists=False)))
    assert found.mx is state
    assert bool(found.notes["mx"]) == (state is not PRESENT)


@pytest.mark.parametrize(
    ("place", "record", "state", "policy"),
    [
        ("mail.acme.test", "v=DMARC1; p=reject; adkim=s", PRESENT, Policy("mail.acme.test", "reject", strict_dkim=True)),
        ("acme.test", "v=DMARC1; p=reject; sp=none; aspf=s", PRESENT, Policy("acme.test", "none", strict_spf=True)),
        ("acme.test", "v=DMARC1;p=quarantine", PRESENT, Policy("acme.test", "quarantine")),
        ("acme.test", "v=DMARC1; p=none; sp=maybe", WRONG, None),
        ("acme.test", "v=DMARC1", WRONG, None),
        ("test", "v=DMARC1; p=reject", MISSING, None),  # a public suffix's is nobody's
    ],
)
def test_what_a_dmarc_record_asks_for(place: str, record: str, state: RecordState, policy: Policy | None) -> None:
    texts = {f"_dmarc.{place}": Texts((record,))}
    found = look("mail.acme.test", (), lambda name, _k, _s: texts.get(name, Texts(exists=False)))
    assert (found.dmarc, found.policy) == (state, policy)


def test_a_selector_that_somebody_named_is_looked_under_first() -> None:
    asked: list[str] = []

    def ask(name: str, _kind: str, _seconds: float) -> Texts:
        asked.append(name)
        return Texts(("v=DKIM1; p=MIIB",)) if name.startswith("s2048.") else Texts()

    assert look("acme.test", (), ask).dkim is UNCONFIRMED
    asked.clear()
    assert look("acme.test", ("s2048",), ask).dkim is PRESENT
    assert [name for name in asked if "_domainkey" in name] == ["_domainkey.acme.test", "s2048._domainkey.acme.test"]
