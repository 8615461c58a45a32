"""DMARC's alignment, relaxed and strict, and what a mail to oneself proves."""

from email import message_from_string

import pytest

from engine.domain_verdicts import Seen, alignment, restored, seen_in, unsubscribing
from engine.rules.alignment import Policy, Signature, is_aligned
from storage.kinds import RecordState

PRESENT, WRONG, UNCONFIRMED = RecordState.PRESENT, RecordState.WRONG, RecordState.UNCONFIRMED
RELAXED = Policy("acme.test", "none")
BOTH = frozenset({"from", "list-unsubscribe", "list-unsubscribe-post"})


@pytest.mark.parametrize(
    ("ours", "theirs", "policy", "relaxed", "strict"),
    [
        ("acme.test", "acme.test", None, True, True),
        ("acme.test", "ACME.test.", None, True, True),
        ("mail.acme.test", "acme.test", None, True, False),
        ("acme.test", "bounce.acme.test", None, True, False),
        ("mail.acme.test", "bounce.acme.test", RELAXED, True, False),
        ("mail.acme.test", "bounce.acme.test", None, False, False),  # nobody says that acme.test holds both together
        ("acme.test", "notacme.test", RELAXED, False, False),
        ("acme.test", "test", RELAXED, False, False),
        ("a.test", "b.test", Policy("test", "none"), False, False),
        ("acme.test", "", RELAXED, False, False),
    ],
)
def test_what_counts_for_the_domain_in_from(
    ours: str, theirs: str, policy: Policy | None, relaxed: bool, strict: bool
) -> None:
    assert is_aligned(ours, theirs, policy, strict=False) is relaxed
    assert is_aligned(ours, theirs, policy, strict=True) is strict


def signed(domain: str, covers: frozenset[str] = BOTH) -> Signature:
    return Signature(domain, "s1", covers)


@pytest.mark.parametrize(
    ("signatures", "envelope", "policy", "state"),
    [
        ((signed("acme.test"),), "elsewhere.test", RELAXED, PRESENT),
        ((signed("provider.test"), signed("acme.test")), "", RELAXED, PRESENT),
        ((signed("mail.acme.test"),), "", RELAXED, PRESENT),
        ((signed("mail.acme.test"),), "", Policy("acme.test", "none", strict_dkim=True), WRONG),
        ((signed("provider.test"),), "acme.test", RELAXED, UNCONFIRMED),  # SPF alone, which forwarding breaks
        ((signed("provider.test"),), "bounce.acme.test", Policy("acme.test", "none", strict_spf=True), WRONG),
        ((signed("provider.test"),), "provider.test", RELAXED, WRONG),
        ((), "acme.test", RELAXED, UNCONFIRMED),  # some hosts don't sign what stays with them
        ((), "", RELAXED, UNCONFIRMED),
    ],
)
def test_alignment_by_what_a_mail_carried(
    signatures: tuple[Signature, ...], envelope: str, policy: Policy, state: RecordState
) -> None:
    found = alignment("acme.test", Seen(signatures, envelope), policy)
    assert found.state is state
    assert bool(found.note) == (state is not PRESENT)


@pytest.mark.parametrize(
    ("covers", "state", "missing"),
    [
        (BOTH, PRESENT, ""),
        (frozenset({"from", "list-unsubscribe"}), WRONG, "does not cover List-Unsubscribe-Post, so"),
        (frozenset({"from"}), WRONG, "List-Unsubscribe and List-Unsubscribe-Post, so"),
    ],
)
def test_the_signature_must_cover_both_headers_of_the_way_out(
    covers: frozenset[str], state: RecordState, missing: str
) -> None:
    found = unsubscribing("acme.test", Seen((signed("acme.test", covers),), ""), RELAXED)
    assert found.state is state
    assert missing in found.note


def test_a_signature_that_does_not_count_does_not_help_and_none_is_no_proof() -> None:
    seen = Seen((signed("provider.test"), signed("acme.test", frozenset({"from"}))), "")
    assert unsubscribing("acme.test", seen, RELAXED).state is WRONG
    assert unsubscribing("acme.test", Seen((), "acme.test"), RELAXED).state is UNCONFIRMED
    assert unsubscribing("acme.test", None, None).state is UNCONFIRMED


def test_signatures_are_read_as_they_are_folded_and_odd_ones_count_for_nothing() -> None:
    text = (
        "Return-Path: <bounce+x@Mail.Acme.test>\n"
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\n d=Acme.TEST; s=s2048; h=From:To:\n"
        "\tList-Unsubscribe : List-Unsubscribe-Post; bh=abc=; b=x y\n z==\n"
        "DKIM-Signature: v=1; d=<script>; s=x; h=from\n"
        "DKIM-Signature: nonsense\n\n"
    )
    seen = seen_in(message_from_string(text))
    assert seen.envelope == "mail.acme.test"
    assert [(one.domain, one.selector, one.covers_unsubscribing) for one in seen.signatures] == [
        ("acme.test", "s2048", True)
    ]
    assert restored(seen.kept()) == seen
