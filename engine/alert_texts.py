"""An alert as it is told outside the panel: a short mail, and a JSON body. What is known to the panel's readers, no more."""

import json
from dataclasses import dataclass
from datetime import datetime

from engine.channels.wire import without_control_characters
from storage.kinds import AlertKind

_LONGEST_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class Told:
    """One alert with its surroundings; `kind` is None for a test."""

    id: str
    kind: AlertKind | None
    subject: str
    sentence: str
    workspace_id: int
    workspace: str
    identity_id: int | None
    identity: str
    at: datetime
    link: str


def subject(told: Told) -> str:
    what = told.kind.label if told.kind else "A test"
    words = without_control_characters(f"{what}: {told.subject} ({told.workspace})" if told.workspace else what)
    words = " ".join(words.split())
    return words if len(words) <= _LONGEST_SUBJECT else f"{words[: _LONGEST_SUBJECT - 1]}…"


def text(told: Told) -> str:
    of = f" of {told.identity}" if told.identity else ""
    where = f"{told.subject}{of}, in the workspace {told.workspace}\n\n" if told.workspace else ""
    return (
        f"{where}{told.sentence}\n\nSince {told.at:%-d %B %Y, %H:%M} UTC. Look at it here:\n{told.link}\n\n"
        "Which alerts reach you by mail is set under Alerts, “Tell me by mail”.\n"
    )


def body(told: Told) -> bytes:
    """What a webhook gets: keys in this order, texts as they are, the instant in ISO 8601."""
    identity = {"id": told.identity_id, "name": told.identity} if told.identity_id is not None else None
    content = {
        "id": told.id,
        "kind": told.kind.value if told.kind else "test",
        "subject": told.subject,
        "sentence": told.sentence,
        "workspace": {"id": told.workspace_id, "name": told.workspace},
        "identity": identity,
        "at": told.at.isoformat(timespec="seconds"),
        "link": told.link,
    }
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
