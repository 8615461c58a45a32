"""The letter that one e-mail action sends: its step's text for its lead, the signature, a way out, and its thread.

A follow-up answers the step before it: `In-Reply-To` names the last mail sent to this lead, `References` all of them, and
a step without a subject goes out under its thread's, as "Re: …".
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from engine import unsubscribes, warm_up_letters
from engine.channels.effects import Letter
from engine.texts import MissingField, UnsendableText, has_control_characters, render, render_html, to_html
from engine.unsubscribes import LinkFor
from engine.warm_up_key import KeyFor
from storage.kinds import ActionKind, ActionState
from storage.ledger import Entry, connection_of
from storage.prepared import Prepared
from storage.tables import Action, Lead, Mailbox, Step

WAY_OUT = "If you'd rather not hear from me, just reply “no thanks”."
_REPLY = re.compile(r"(?:re|aw|sv|antw|odp|rif|ref)\s*:", re.IGNORECASE)
_END_OF_BODY = re.compile(r"</body\s*>", re.IGNORECASE)
__all__ = ["WAY_OUT", "MissingField", "Rendered", "UnsendableText", "fields_of", "letter_for", "letter_writer", "rendered"]


@dataclass(frozen=True, slots=True)
class Rendered:
    """One step's mail for one lead, as it will be read."""

    subject: str
    text: str
    html: str


def letter_writer(key_for: KeyFor, link_for: LinkFor | None = None) -> Callable[[Session, Entry], Letter]:
    """A function that writes the letter of an action of either kind; warm-up mail is signed with the key.

    A campaign's mail carries its lead's unsubscribe link, where links can lead anywhere.
    """

    def write(session: Session, action: Entry) -> Letter:
        if action.kind is ActionKind.WARM_UP_MAIL:
            return warm_up_letters.letter_for(session, action, key_for(session))
        return letter_for(session, action, link_for)

    return write


def letter_for(session: Session, action: Action | Entry, link_for: LinkFor | None = None) -> Letter:
    """The letter of a campaign's e-mail, from its step and lead.

    MissingField when the lead lacks a field; UnsendableText when it can't become a mail. Reads only.
    """
    connection = connection_of(session)
    lead = _LEAD.row(connection, {"lead": action.lead_id})  # rows with their columns by name, for the lead and its steps
    if not lead.email:
        raise UnsendableText("The lead has no e-mail address; add one, or stop this lead.")
    link = link_for(session, lead) if link_for is not None else ""
    steps = _STEPS_UNTIL.rows(connection, {"step": action.step_id})
    mail = rendered(steps, lead, lead.signature or "", link)
    asked = {"lead": action.lead_id, "position": steps[-1].position}
    before = tuple(row.message_id for row in _SENT_BEFORE.rows(connection, asked))
    return Letter(
        message_id=action.message_id or "",
        recipient=lead.email,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        in_reply_to=before[-1] if before else "",
        references=before,
        headers=unsubscribes.headers(link),
    )


_LEAD = Prepared(
    select(*Lead.__table__.columns, Mailbox.signature)
    .outerjoin(Mailbox, Mailbox.id == Lead.mailbox_id)
    .where(Lead.id == bindparam("lead"))
)
_THIS = aliased(Step)
_STEPS_UNTIL = Prepared(
    select(*Step.__table__.columns)
    .join(_THIS, _THIS.campaign_id == Step.campaign_id)
    .where(_THIS.id == bindparam("step"), Step.position <= _THIS.position, Step.kind == ActionKind.EMAIL)
    .order_by(Step.position)
)
_SENT_BEFORE = Prepared(
    select(Action.message_id)
    .join(Step, Step.id == Action.step_id)
    .where(
        Action.lead_id == bindparam("lead"),
        Action.kind == ActionKind.EMAIL,
        Action.state.in_([ActionState.ACCEPTED, ActionState.CONFIRMED]),
        Step.position < bindparam("position"),
        Action.message_id.is_not(None),
    )
    .order_by(Step.position)
)


def rendered(steps: Sequence[Step], lead: Lead, signature: str, link: str = "") -> Rendered:
    """The mail of the last of `steps`, which are a sequence from its first step on."""
    fields = fields_of(lead)
    step = steps[-1]
    way_out = f"{WAY_OUT[:-1]} or unsubscribe: {link}" if link else WAY_OUT
    closing = f"{signature.strip()}\n\n{way_out}" if signature.strip() else way_out
    text = render(step.body, fields).strip()
    if not text:
        raise UnsendableText("The step's text is empty; write one.")
    html = _with_closing(render_html(step.body_html, fields), closing) if step.body_html.strip() else ""
    plain = f"{text}\n\n{closing}\n"
    return Rendered(_subject(steps, fields), plain, html or to_html(plain))


def fields_of(lead: Lead) -> dict[str, str]:
    """What a text may use of a lead: its own columns, and those of its file under their names."""
    further = {name: str(value) for name, value in lead.fields.items()}
    return {
        **further,
        "first_name": lead.first_name,
        "last_name": lead.last_name,
        "company": lead.company,
        "job_title": lead.job_title,
        "email": lead.email,
        "linkedin_url": f"https://www.{lead.linkedin_url}" if lead.linkedin_url else "",
    }


def _subject(steps: Sequence[Step], fields: dict[str, str]) -> str:
    own = next((step for step in reversed(steps) if step.subject.strip()), None)
    if own is None:
        raise UnsendableText("The sequence has no subject; give its first step one.")
    subject = render(own.subject, fields).strip()
    if has_control_characters(subject):
        raise UnsendableText(
            "The subject would contain a line break or a control character; shorten or correct the field it uses."
        )
    if not subject:
        raise UnsendableText("The subject is empty; write one.")
    return subject if own is steps[-1] or _REPLY.match(subject) else f"Re: {subject}"


def _with_closing(html: str, closing: str) -> str:
    end = to_html(closing)
    if _END_OF_BODY.search(html):
        return _END_OF_BODY.sub(lambda match: f"{end}\n{match.group()}", html, count=1)
    return f"{html.strip()}\n{end}\n"
