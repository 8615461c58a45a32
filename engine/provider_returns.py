"""The browser comes back from Google or Microsoft: whose sign-in it is, what it brought, and what is shown about it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import update

from engine import provider_sign_in, sessions, visits
from engine.connections.oauth import Denial, SignInTrouble
from engine.crash_points import reached
from engine.desk import Actor, Denied, Desk, Problem, perform, use_case
from engine.grants import Tokens
from engine.provider_sign_in import FlowOver, Taken
from storage.kinds import Permission, Provider
from storage.tables import Identity, SignInFlow

SIGNED_OUT = "Your session in Outpost ended meanwhile, so nothing was connected. Sign in and start again."
_REFUSED = "refused"  # by a sentence of ours, not by the provider


@dataclass(frozen=True, slots=True)
class Back:
    flow_id: int
    workspace_id: int
    identity_id: int
    is_connected: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What a sign-in that came back is told to have brought."""

    identity_id: int
    identity_name: str
    provider: Provider
    address: str
    sentence: str
    is_waiting: bool  # for the client's administrator


def come_back(
    tokens: Tokens, session_token: str, redirect: str, query: Mapping[str, str], ca_file: str | None = None
) -> Back:
    """Finish the sign-in that the query's state names, for the session that began it; FlowOver when it is none of theirs."""
    now = tokens.now()
    with tokens.database.write() as session:
        who = sessions.find(session, session_token, now)
        if who is None:
            raise FlowOver(SIGNED_OUT)
        taken = provider_sign_in.take(session, tokens.vault, query, redirect, who.token_hash, now)
    reached("sign_in_taken")
    visit = visits.look(tokens.database, session_token, taken.workspace_id, now)
    if visit is None or visit.workspace_id != taken.workspace_id:
        raise Denied
    sentence, denial = _finished(tokens, visit.actor, taken, redirect, query, ca_file)
    reached("sign_in_kept")
    with tokens.database.write() as session:
        kept = update(SignInFlow).where(SignInFlow.id == taken.flow_id)
        session.execute(kept.values(note=sentence, denial=denial))
    return Back(taken.flow_id, taken.workspace_id, taken.identity_id, not denial)


@use_case(needs=Permission.MANAGE, reads=True)
def result_of(desk: Desk, flow_id: int) -> Result:
    row = desk.session.get_one(SignInFlow, flow_id)
    name = desk.session.get_one(Identity, row.identity_id).name
    is_waiting = row.denial == Denial.APPROVAL_NEEDED
    return Result(row.identity_id, name, row.provider, row.address, row.note, is_waiting)


def _finished(
    tokens: Tokens, actor: Actor, taken: Taken, redirect: str, query: Mapping[str, str], ca_file: str | None
) -> tuple[str, str]:
    """What is to be said, and which denial it is; no denial when the address is connected."""
    place = (tokens.database, actor, taken.workspace_id, tokens.now())
    identity_id, provider, address = taken.identity_id, taken.provider, taken.address
    try:
        permit = perform(
            *place,
            provider_sign_in.may_sign_in,
            identity_id=identity_id,
            provider=provider,
            address=address,
            vault=tokens.vault,
            where=tokens.where,
        )
        whole = provider_sign_in.finish(taken, permit, tokens, redirect, query, ca_file)
        perform(*place, provider_sign_in.keep, identity_id=identity_id, permit=permit, whole=whole, vault=tokens.vault)
    except SignInTrouble as trouble:
        perform(
            *place,
            provider_sign_in.note_refusal,
            identity_id=identity_id,
            provider=provider,
            address=address,
            denial=trouble.denial,
            sentence=trouble.sentence,
        )
        return trouble.sentence, trouble.denial.value
    except Problem as problem:
        return str(problem), _REFUSED
    return whole.note, ""
