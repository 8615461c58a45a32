"""Which alerts of a workspace reach a user by mail: their own choice, for themselves alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine import alert_tellings
from engine.desk import Denied, Desk, use_case
from storage.kinds import TOLD_KINDS, AlertKind, Permission
from storage.tables import AlertChoice, AlertMail


@dataclass(frozen=True, slots=True)
class Choice:
    """`has_server` is whether the installation can send mail at all; `chose` whether the user ever decided."""

    kinds: frozenset[AlertKind]
    chose: bool
    has_server: bool


@use_case(needs=Permission.READ, reads=True)
def look(desk: Desk) -> Choice:
    user_id = _user(desk)
    return Choice(
        alert_tellings.chosen_kinds(desk.session, user_id, desk.workspace),
        desk.session.get(AlertChoice, (user_id, desk.workspace)) is not None,
        desk.session.get(AlertMail, 1) is not None,
    )


@use_case(needs=Permission.READ)
def choose(desk: Desk, kinds: Sequence[AlertKind]) -> None:
    """These kinds from now on; none ends the mails."""
    user_id = _user(desk)
    old = alert_tellings.chosen_kinds(desk.session, user_id, desk.workspace)
    wanted = [kind.value for kind in TOLD_KINDS if kind in set(kinds)]
    desk.session.merge(AlertChoice(user_id=user_id, workspace_id=desk.workspace, kinds=wanted, changed_at=desk.now))
    desk.audit(
        "alert_choice.changed",
        f"user:{user_id}",
        old={"kinds": [kind.value for kind in TOLD_KINDS if kind in old]},
        new={"kinds": wanted},
    )


def _user(desk: Desk) -> int:
    if desk.actor.user_id is None:
        raise Denied
    return desk.actor.user_id
