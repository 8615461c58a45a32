"""What a mail that came in is: machines' mails by their headers, wishes in eight languages, what is new in a reply."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels.incoming.parsed import parse
from engine.channels.incoming.reading import Reading, classify
from storage.kinds import IncomingKind

CORPORA = Path(__file__).resolve().parents[3] / "shared/corpora"
LABELS = json.loads((CORPORA / "bounces/labels.json").read_text())
THURSDAY = date(2026, 11, 26)
REPLIES = sorted((CORPORA / "replies").glob("*.txt"))


def of(raw: bytes, arrived: date = THURSDAY) -> Reading:
    return classify(parse(raw), arrived)


def mail(text: str, subject: str = "Re: A question", **headers: str) -> bytes:
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    head = f"From: Marie <marie@radium.test>\nTo: ada@acme.test\nSubject: {subject}\n{more}"
    return f"{head}Content-Type: text/plain; charset=utf-8\n\n{text}\n".encode()


def test_complaints_of_feedback_loops_are_told_from_reports_on_authentication():
    for name in (name for name, rows in LABELS.items() if rows[0]["reason"] == "feedback"):
        raw = (CORPORA / "bounces" / name).read_bytes()
        reading = of(raw)
        if b"Feedback-Type: auth-failure" in raw:
            assert reading.kind is IncomingKind.OTHER, name
        elif b"X-Apple-Unsubscribe" in raw:
            assert reading.kind is IncomingKind.UNSUBSCRIBE
        elif name.startswith("arf-"):
            assert reading.kind is IncomingKind.COMPLAINT, name


def test_every_auto_reply_of_the_corpus_is_one_and_no_reply_of_a_person_is():
    absent = [name for name, rows in LABELS.items() if rows[0]["reason"] == "vacation"]
    assert {of((CORPORA / "bounces" / name).read_bytes()).kind for name in absent} == {IncomingKind.AUTO_REPLY}
    assert {of(b"Subject: Re: x\n\n" + path.read_bytes()).kind for path in REPLIES} == {IncomingKind.REPLY}


@pytest.mark.parametrize(
    ("subject", "text", "back"),
    [
        ("Away until May 5", "I am away.", None),  # more than four months ahead: not meant
        ("Automatic reply: A question", "I am out of the office until December 7th.", date(2026, 12, 7)),
        ("Automatic reply: A question", "I will be back on Monday, 30 November 2026.", date(2026, 11, 30)),
        ("Out of office", "I'm away and will return on 2026-12-01.", date(2026, 12, 1)),
        ("Automatische Antwort: Frage", "Ich bin bis zum 4.12. nicht im Büro.", date(2026, 12, 4)),
        ("Abwesenheitsnotiz", "Ich bin ab dem 3. Dezember wieder da.", date(2026, 12, 3)),
        ("Réponse automatique", "Je suis absent jusqu'au 9 décembre 2026.", date(2026, 12, 9)),
        ("Respuesta automática", "Estoy fuera hasta el 11 de diciembre.", date(2026, 12, 11)),
        ("Risposta automatica", "Sono assente fino al 12 dicembre.", date(2026, 12, 12)),
        ("Resposta automática", "Estou ausente até 14/12/2026.", date(2026, 12, 14)),
        ("Automatisch antwoord", "Ik ben terug op 15 december.", date(2026, 12, 15)),
        ("Autoodpowiedź", "Jestem nieobecny do 16 grudnia.", date(2026, 12, 16)),
        ("Automatic reply: A question", "I am travelling until January 4.", date(2027, 1, 4)),
        ("Automatic reply: A question", "I'm out of the office Friday.", None),
        ("Automatic reply: A question", "Back on 31 November.", None),
    ],
)
def test_an_out_of_office_tells_its_return(subject: str, text: str, back: date | None):
    reading = of(mail(text, subject))
    assert (reading.kind, reading.back_on) == (IncomingKind.AUTO_REPLY, back)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied (vacation)"},
        {"X_Autoreply": "yes"},
        {"Precedence": "auto_reply"},
        {"Return_Path": "<>", "X_Auto_Response_Suppress": "All"},
    ],
)
def test_a_machine_s_answer_is_known_by_its_headers(headers: dict[str, str]):
    assert of(mail("Thanks for your mail.", **headers)).kind is IncomingKind.AUTO_REPLY
    assert of(mail("Thanks for your mail.", Auto_Submitted="no")).kind is IncomingKind.REPLY
    assert of(mail("Thanks for your mail.", X_Auto_Response_Suppress="All")).kind is IncomingKind.REPLY


@pytest.mark.parametrize(
    "text",
    [
        "Unsubscribe",
        "No thanks.",
        "Please remove me from your list.",
        "Stop emailing me!",
        "STOP",
        "Bitte nehmen Sie mich aus dem Verteiler.",
        "Bitte keine weiteren E-Mails.",
        "Merci de me désinscrire.",
        "Por favor, denme de baja.",
        "No gracias",
        "Non scrivetemi più.",
        "Não, obrigado.",
        "Graag afmelden.",
        "Proszę mnie wypisać.",
    ],
)
def test_a_wish_to_be_left_alone_is_understood(text: str):
    assert of(mail(text)).kind is IncomingKind.UNSUBSCRIBE
    quoted = f"Sounds good!\n\nOn Mon, 23 Nov 2026 at 10:00, Ada <ada@acme.test> wrote:\n> {text}\n"
    assert of(mail(quoted)).kind is IncomingKind.REPLY  # our own words below an answer are no wish


@pytest.mark.parametrize(
    "text",
    [
        "Sounds interesting, call me on Monday.",
        "Can you stop by on Tuesday?",
        "How do people unsubscribe in your product?",
        "Danke, aber erst im Januar.",
        "Non merci beaucoup"[4:],
        "We should not stop here.",
    ],
)
def test_an_ordinary_answer_is_a_reply(text: str):
    assert of(mail(text)).kind is IncomingKind.REPLY


@pytest.mark.parametrize(
    "quote",
    [
        "On Mon, 23 Nov 2026 at 10:00, Ada <ada@acme.test> wrote:\n> Hello Marie\n> shall we talk?",
        "Am Mo., 23. Nov. 2026 um 10:00 Uhr schrieb Ada <ada@acme.test>:\n\n> Hello Marie",
        "Le lun. 23 nov. 2026 à 10:00, Ada <ada@acme.test> a écrit :\n\n> Hello Marie",
        "El lun, 23 nov 2026 a las 10:00, Ada (<ada@acme.test>) escribió:\n\n> Hello Marie",
        "Il giorno lun 23 nov 2026 alle ore 10:00 Ada <ada@acme.test> ha scritto:\n> Hello Marie",
        "-----Original Message-----\nFrom: Ada <ada@acme.test>\nSent: Monday\nTo: Marie\n\nHello Marie",
        "From: Ada <ada@acme.test>\nSent: Monday, 23 November 2026 10:00\nTo: Marie\nSubject: A question\n\nHello Marie",
        "Von: Ada <ada@acme.test>\nGesendet: Montag\nAn: Marie\n\nHello Marie",
        "________________________________\nFrom: Ada\nHello Marie",
    ],
)
def test_the_quoted_mail_is_cut_off(quote: str):
    assert of(mail(f"Yes, let's talk.\n\nMarie\n\n{quote}\n")).text == "Yes, let's talk.\n\nMarie"


def test_answers_between_and_below_the_quote_stay():
    text = "On Mon, 23 Nov 2026, Ada wrote:\n> shall we talk?\n\nYes.\n\n> when?\n\nOn Monday.\n"
    assert of(mail(text)).text == "Yes.\n\nOn Monday."


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([path.read_bytes() for path in REPLIES]), st.integers(0, 3000), st.binary(max_size=60))
def test_nothing_raises(raw: bytes, cut: int, noise: bytes):
    of(b"Subject: x\n\n" + raw[:cut] + noise)
    of(noise)
