"""A letter as bytes: it comes back as it went in, whatever a person wrote, and nothing becomes a header of its own."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels.effects import Letter
from engine.channels.wire import UnsendableLetter, ascii_address, build
from tests.mail.conftest import account_at, letter

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ADA = account_at(1)

NASTY = [
    "Ada Lovelace",
    "José Ñandú",
    "Jérôme, Director",
    'Ada "The Countess" Lovelace',
    "Back\\slash \\ Bob",
    "O'Brien & Söhne <GmbH>",
    "ada@acme.io",
    "Ada (work)",
    "👩‍🚀 Ada 🚀",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿" * 20,
    "محمد بن سلمان",
    "שלום עולם",
    "‮drowssap‬ right to left",
    "李小龍",
    "Владимир Владимирович",
    "=?utf-8?q?evil?=",
    "=?utf-8?b?PGV2aWw+?= <x@y.z>",
    "<script>alert(1)</script>",
    '=cmd|"/c calc"!A1',
    "; DROP TABLE mailbox; --",
    "{{ first_name }}",
    "%s %d {0}",
    "a" * 300,
    "é" * 300,
    "Ünïcödé ÄÖÜ " * 25,
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!",
    "ﷺ ﷽",
    "tab\u00a0and\u2003spaces",
    "ends with a dot.",
    ", : ; @ [ ]",
    "İstanbul ıssız",
    "",
]


@pytest.mark.parametrize("name", NASTY)
def test_a_name_comes_back_as_it_went_in(name: str) -> None:
    content = build(replace(ADA, display_name=name), letter(subject=name), NOW)
    # Read with the old parser: the new one puts spaces between the encoded words of a long name, against RFC 2047 6.2.
    raw = message_from_bytes(content, policy=policy.compat32)
    shown, address = parseaddr(str(raw["From"]).replace("\r\n", ""))
    assert (str(make_header(decode_header(shown))), address) == (" ".join(name.split()), "ada@alpha.test")
    mail = message_from_bytes(content, policy=policy.default)
    assert mail["Subject"] == name
    assert len(mail["From"].addresses) == len(mail["To"].addresses) == 1
    assert not mail.defects


@pytest.mark.parametrize("where", ["subject", "recipient", "message_id", "in_reply_to", "header", "name", "reference"])
@pytest.mark.parametrize(
    "bad", ["\r\nBcc: all@evil.test", "\nBcc: x@y.z", "\r", "\0", "\x0b", "\x1b[31m", "\u2028Bcc:", "\x85"]
)
def test_a_control_character_never_becomes_a_header(where: str, bad: str) -> None:
    account, given_letter = ADA, letter()
    if where == "name":
        account = replace(ADA, display_name=f"Ada{bad}")
    elif where == "header":
        given_letter = letter(headers=(("X-Note", f"a{bad}"),))
    elif where == "reference":
        given_letter = letter(references=(f"<a{bad}@b.c>",))
    else:
        given_letter = replace(given_letter, **{where: f"{getattr(given_letter, where)}{bad}"})
    with pytest.raises(UnsendableLetter):
        build(account, given_letter, NOW)


@pytest.mark.parametrize("name", ["Bcc", "From", "subject", "Content-Type", "X Y", "X:Y", "", "X\r\nBcc", "Message-ID"])
def test_a_header_that_is_not_for_callers_is_refused(name: str) -> None:
    with pytest.raises(UnsendableLetter):
        build(ADA, letter(headers=((name, "x"),)), NOW)


@pytest.mark.parametrize(
    ("address", "ascii_form"),
    [
        ("ada@alpha.test", "ada@alpha.test"),
        ("ada.b+tag@alpha.test", "ada.b+tag@alpha.test"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@straße.de", "ada@xn--strae-oqa.de"),
        ("ada@例え.jp", "ada@xn--r8jz45g.jp"),
        ("o'brien@alpha.test", "o'brien@alpha.test"),
    ],
)
def test_a_domain_in_any_script_becomes_ascii(address: str, ascii_form: str) -> None:
    assert ascii_address(address) == ascii_form


@pytest.mark.parametrize(
    "address",
    ["", "ada", "@alpha.test", "ada@", "jörg@alpha.test", "a b@alpha.test", ".ada@alpha.test", "ada..b@alpha.test",
     '"ada b"@alpha.test', "ada@al pha.test", "<ada@alpha.test>", "ada@alpha.test>", "ada@-alpha.test", "a,b@alpha.test",
     "a" * 65 + "@alpha.test", "ada@alpha..test", "ada@[127.0.0.1]"],
)  # fmt: skip
def test_an_address_that_not_every_server_takes_is_refused_with_a_sentence(address: str) -> None:
    with pytest.raises(UnsendableLetter, match="correct the part"):
        ascii_address(address)


def test_the_thread_headers_are_as_given() -> None:
    references = tuple(f"<{number}@outpost.test>" for number in range(30))
    mail = message_from_bytes(
        build(ADA, letter(in_reply_to="<29@outpost.test>", references=references), NOW), policy=policy.default
    )
    assert mail["Message-ID"] == "<1@outpost.test>"
    assert mail["In-Reply-To"] == "<29@outpost.test>"
    assert mail["References"].split() == [references[0], *references[-19:]]


def test_one_click_unsubscribe_is_left_unfolded_and_whole() -> None:
    url = f"<https://outpost.test/u/{'x' * 200}>"
    headers = (("List-Unsubscribe", url), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    assert f"\r\nList-Unsubscribe: {url}\r\n".encode() in build(ADA, letter(headers=headers), NOW)


def test_plain_and_html_are_alternatives_and_come_back() -> None:
    mail = message_from_bytes(build(ADA, letter(text="Grüße\r\n.\r\n", html="<p>Grüße</p>"), NOW), policy=policy.default)
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert (plain.get_content(), html.get_content()) == ("Grüße\r\n.\r\n", "<p>Grüße</p>\r\n")


any_text = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=400)


@settings(max_examples=150, deadline=None)
@given(subject=any_text, name=any_text, text=st.text(max_size=2000))
def test_every_mail_is_ascii_with_short_lines_and_its_own_headers_only(subject: str, name: str, text: str) -> None:
    content = build(replace(ADA, display_name=name), letter(subject=subject, text=text), NOW)
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert b"\n" not in content.replace(b"\r\n", b"")
    head = content.partition(b"\r\n\r\n")[0]
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert names[:5] == [b"From", b"To", b"Subject", b"Date", b"Message-ID"]
    assert set(names[5:]) <= {b"MIME-Version", b"Content-Type", b"Content-Transfer-Encoding"}


def test_a_letter_never_changes_what_it_was_given() -> None:
    given_letter: Letter = letter()
    assert build(ADA, given_letter, NOW) == build(ADA, given_letter, NOW)
