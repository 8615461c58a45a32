"""Why a reading's next page is not read yet, when it will be, and what a person can do about it."""

from engine.rules.facts import Run, Wait
from engine.scrapes import Reading
from pages import badges, notices, shell
from storage.kinds import Reason

_RECONNECT = "Connect the account again; reading then goes on by itself."
_DO_NEXT = {
    Reason.NO_SEAT: "Connect it again once it has one, or stop here and read with another seat.",
    Reason.NOT_SHARED: "Share some of its scrapings again, or stop here and read with another seat.",
    Reason.LIMIT_ZERO: "Raise the seat’s daily limit of scrapings under Rate limits.",
    **dict.fromkeys((Reason.RECONNECT_NEEDED, Reason.CHECKPOINT, Reason.DISCONNECTED, Reason.NEVER_CONNECTED), _RECONNECT),
}


def show(visit: shell.Visit, reading: Reading) -> None:
    if reading.in_flight:
        badges.quiet("A page is being read now.")
    elif isinstance(reading.verdict, Run):
        badges.quiet("The next page is read as soon as a browser is free.")
    elif isinstance(reading.verdict, Wait):
        sentence = badges.sentence(reading.verdict.reason)
        if reading.verdict.until is not None:
            badges.when(reading.verdict.until, reading.zone, visit.now, f"{sentence} Next page ")
            if reading.said:
                badges.quiet(reading.said)
        else:
            is_said = reading.verdict.reason is Reason.NO_SEAT and reading.said
            notices.warning(reading.said if is_said else f"{sentence} {_DO_NEXT.get(reading.verdict.reason, '')}".rstrip())
            if reading.seat_name:
                shell.link(
                    "identity", label=f"Open {badges.plain(reading.seat_name, 60)}", id=reading.seat_id, section="linkedin"
                )
