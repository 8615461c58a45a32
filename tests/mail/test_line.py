"""Letters in a row over one connection: what is kept, what is asked anew, and what never goes out twice."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.channels import line
from engine.channels.effects import Accepted, Failed, Uncertain
from engine.channels.email import EmailChannel
from storage.kinds import Reason
from tests.bed.bed import Bed
from tests.bed.scripted import DROP, HANG, Authority, Script, scripted_smtp
from tests.mail.conftest import account_at, letter

BOTH = pytest.mark.parametrize("extensions", ["", "PIPELINING"])


@pytest.fixture
def row(channel: EmailChannel) -> Iterator[EmailChannel]:
    in_a_row = channel.in_a_row()
    yield in_a_row
    in_a_row.leave()


def letters(script: Script) -> int:
    return len(script.contents)


@BOTH
def test_letters_in_a_row_sign_in_once_and_say_goodbye_once(
    row: EmailChannel, authority: Authority, extensions: str
) -> None:
    script = Script({"extensions": extensions}, context=authority.good())
    with scripted_smtp(script) as port:
        outcomes = [row.deliver(account_at(port), letter(message_id=f"<{number}@outpost.test>"), 5) for number in range(3)]
        row.leave()
        row.leave()
        ends = time.monotonic() + 10  # nobody waits for the answer to a goodbye
        while "quit" not in script.lines and time.monotonic() < ends:
            time.sleep(0.005)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert (script.connections, letters(script)) == (1, 3)
    verbs = [said.split()[0].upper() for said in script.lines]
    assert (verbs.count("AUTH"), verbs.count("MAIL"), verbs.count("QUIT")) == (1, 3, 1)


def test_a_letter_by_itself_keeps_nothing(channel: EmailChannel, authority: Authority) -> None:
    script = Script(context=authority.good())
    with scripted_smtp(script) as port:
        for _ in range(2):
            assert isinstance(channel.deliver(account_at(port), letter(), 5), Accepted)
    assert script.connections == 2


def test_another_account_has_a_connection_of_its_own(row: EmailChannel, authority: Authority) -> None:
    script = Script(context=authority.good())
    with scripted_smtp(script) as port:
        ada = account_at(port)
        for account in (ada, replace(ada, password="changed"), replace(ada, username="grace")):
            assert isinstance(row.deliver(account, letter(), 5), Accepted)
    assert script.connections == 3


def test_a_connection_that_was_idle_too_long_is_left(
    row: EmailChannel, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "KEPT", -1.0)
    script = Script(context=authority.good())
    with scripted_smtp(script) as port:
        for _ in range(2):
            assert isinstance(row.deliver(account_at(port), letter(), 5), Accepted)
    assert script.connections == 2


@BOTH
@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("mail", DROP),
        ("mail", "421 4.4.2 Idle too long"),
        ("mail", "450 4.7.1 Too many messages on this connection"),
        ("mail", "554 5.5.0 Too many messages on this connection"),
        ("rcpt", "421 4.3.2 Shutting down"),
        ("rcpt", DROP),
        ("data", "421 4.3.2 Shutting down"),
        ("data", DROP),
    ],
)
def test_what_only_the_kept_connection_is_refused_goes_out_by_a_new_one_once(
    row: EmailChannel, authority: Authority, extensions: str, step: str, words: str
) -> None:
    good = {"mail": "250 2.1.0 OK", "rcpt": "250 2.1.5 OK", "data": "354 Go ahead"}[step]
    script = Script({"extensions": extensions}, turns={step: [good, words]}, context=authority.good())
    with scripted_smtp(script) as port:
        outcomes = [row.deliver(account_at(port), letter(), 5) for _ in range(2)]
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert (script.connections, letters(script)) == (2, 2)


def test_a_refusal_by_the_new_connection_too_is_the_answer(row: EmailChannel, authority: Authority) -> None:
    daily = "550 5.4.5 Daily user sending limit exceeded"
    script = Script(turns={"mail": ["250 2.1.0 OK", daily, daily]}, context=authority.good())
    with scripted_smtp(script) as port:
        first, second = (row.deliver(account_at(port), letter(), 5) for _ in range(2))
    assert isinstance(first, Accepted)
    assert isinstance(second, Failed)
    assert (second.reason, script.connections, letters(script)) == (Reason.PROVIDER_LIMIT, 2, 1)


@BOTH
def test_a_refused_recipient_is_not_asked_again_and_nothing_of_the_letter_is_left(
    row: EmailChannel, authority: Authority, extensions: str
) -> None:
    """With its commands together the server waits for the content all the same; it must not take what follows for it."""
    unknown = "550 5.1.1 <nobody@bravo.test>: user unknown"
    script = Script({"extensions": extensions}, turns={"rcpt": ["250 2.1.5 OK", unknown]}, context=authority.good())
    with scripted_smtp(script) as port:
        outcomes = [row.deliver(account_at(port), letter(), 5) for _ in range(3)]
    assert [type(outcome) for outcome in outcomes] == [Accepted, Failed, Accepted]
    assert isinstance(outcomes[1], Failed)
    assert outcomes[1].reason is Reason.RECIPIENT_REFUSED
    assert (script.connections, letters(script)) == (2, 2)


@BOTH
def test_no_answer_after_the_dot_on_a_kept_connection_is_uncertain_and_nothing_goes_out_again(
    row: EmailChannel, authority: Authority, extensions: str
) -> None:
    script = Script({"extensions": extensions}, turns={"dot": ["250 2.0.0 OK", DROP]}, context=authority.good())
    with scripted_smtp(script) as port:
        first, second = (row.deliver(account_at(port), letter(), 5) for _ in range(2))
    assert isinstance(first, Accepted)
    assert isinstance(second, Uncertain)
    assert (script.connections, letters(script)) == (1, 2)


def test_the_envelope_goes_out_in_one_round_trip_where_the_server_says_so(row: EmailChannel, authority: Authority) -> None:
    script = Script({"extensions": "PIPELINING"}, context=authority.good())
    with scripted_smtp(script) as port:
        delivery = row.delivery(account_at(port), letter(), 5)
        assert sum(1 for _ in delivery) == 2  # it waits for the envelope's answers and for the content's
        plain = Script(context=authority.good())
        with scripted_smtp(plain) as other:
            assert sum(1 for _ in row.delivery(account_at(other), letter(), 5)) == 4
    assert letters(script) == letters(plain) == 1


def test_the_time_of_each_letter_is_its_own(row: EmailChannel, authority: Authority) -> None:
    script = Script(turns={"dot": ["250 2.0.0 OK", "250 2.0.0 OK", HANG]}, context=authority.good())
    with scripted_smtp(script) as port:
        assert isinstance(row.deliver(account_at(port), letter(), 3), Accepted)
        time.sleep(3.1)  # the first one's time is over, and that is nothing to the second
        assert isinstance(row.deliver(account_at(port), letter(), 30), Accepted)
        began = time.monotonic()
        assert isinstance(row.deliver(account_at(port), letter(), 3), Uncertain)
        assert time.monotonic() - began < 15
    assert script.connections == 1


@BOTH
@pytest.mark.parametrize("unasked", ["421 4.4.2 Idle too long", "250 2.0.0 And once more"])
def test_what_a_server_says_unasked_is_no_answer_to_the_next_letter(
    row: EmailChannel, authority: Authority, extensions: str, unasked: str
) -> None:
    script = Script({"extensions": extensions}, turns={"dot": [f"250 2.0.0 OK\r\n{unasked}"]}, context=authority.good())
    unknown = "550 5.1.1 <nobody@bravo.test>: user unknown"
    script.turns["rcpt"] = ["250 2.1.5 OK", unknown]
    with scripted_smtp(script) as port:
        first, second = (row.deliver(account_at(port), letter(), 5) for _ in range(2))
    assert isinstance(first, Accepted)
    assert isinstance(second, Failed)
    assert second.reason is Reason.RECIPIENT_REFUSED
    assert letters(script) == 1


def test_no_connection_stays_open_while_the_copy_is_filed(
    authority: Authority, channel: EmailChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[object] = []

    def file_copy(asked: EmailChannel, *_: object) -> str:
        kept.append(asked.line._kept if asked.line is not None else None)
        return "filed"

    monkeypatch.setattr(EmailChannel, "_file_copy", file_copy)
    script, row = Script(context=authority.good()), channel.in_a_row()
    with scripted_smtp(script) as port:
        for sent_folder in ("Sent", ""):
            account = replace(account_at(port), sent_folder=sent_folder)
            assert isinstance(row.deliver(account, letter(), 5), Accepted)
        row.leave()
    assert kept[0] is None
    assert kept[1] is not None


@pytest.mark.parametrize(
    ("content", "wired"),
    [
        (b"a\nb\rc\r\nd", b"a\r\nb\r\nc\r\nd\r\n"),
        (b".\n..\r\nx.\r\n", b"..\r\n...\r\nx.\r\n"),
        (b"", b"\r\n"),
        (b"\r\n.\r\n", b"\r\n..\r\n"),
    ],
)
def test_content_goes_over_the_wire_in_whole_lines_with_its_dots_doubled(content: bytes, wired: bytes) -> None:
    assert line._wired(content) == wired


@pytest.mark.bed
def test_a_real_server_takes_letters_in_a_row_over_one_connection(bed: Bed, post: EmailChannel) -> None:
    ada, marie, row = bed.new_account(), bed.new_address("marie", "bravo.test"), post.in_a_row()
    nobody = letter("nobody@no-such-domain.invalid")
    ada = replace(ada, sent_folder="")
    sent, sessions = [], []
    for each in range(3):
        sent.append(row.deliver(ada, letter(marie, message_id=f"<row{each}@outpost.test>"), 15))
        sessions.append(row.line._kept[1] if row.line is not None and row.line._kept is not None else None)
    refused = row.deliver(ada, nobody, 15)
    last = row.deliver(ada, letter(marie, message_id="<row3@outpost.test>"), 15)
    row.leave()
    bed.wait_for_mails(marie, 4)
    assert all(isinstance(outcome, Accepted) for outcome in [*sent, last])
    assert sessions[0] is not None
    assert sessions[0].has_extn("pipelining")
    assert sessions == [sessions[0]] * 3
    assert not isinstance(refused, Uncertain)
    assert sorted(mail["Message-ID"] for mail in bed.mails(marie)) == [f"<row{each}@outpost.test>" for each in range(4)]
