"""Signing an address in at Google or Microsoft: asked for, sent there, taken back once, and kept only when it is whole.

The network is asked outside any transaction, so it is steps: `may_sign_in`, `begin` (the network alone), `remember`; and
when the browser comes back `take`, `finish` (the network alone: the code for tokens, then both mail servers), `keep`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine import cut_off_sign_ins, giving_back, held_grants, mailbox_alerts
from engine.channels.effects import GRAPH_HOST, GraphWay, MailAccount, Server
from engine.connections import google, microsoft
from engine.connections.network import NetworkGuard
from engine.connections.oauth import App, Begun, Denial, Endpoints, Granted, SignInTrouble
from engine.connections.probe import Folders, probe
from engine.connections.trouble import ConnectionTrouble, Trouble
from engine.crash_points import reached
from engine.desk import Desk, Problem, use_case
from engine.grants import Tokens
from engine.mailbox_connecting import new_row, row_of, settle, tidy_address
from engine.networks import is_practice, network_guard
from engine.provider_apps import NAMES, find, opened
from engine.sessions import digest
from storage.kinds import MailboxState, Permission, Provider, Security
from storage.tables import Identity, ProviderApp, SignInFlow
from storage.vault import Vault

LIFE = timedelta(minutes=10)
_TOLD_FOR = timedelta(days=7)
_AGAIN = "Start again from the identity's e-mail page."
UNKNOWN = f"This answer belongs to no sign-in that was begun here. {_AGAIN}"
USED = f"This answer was used already: each is good once. {_AGAIN}"
ELSEWHERE = f"This sign-in was begun in another browser, or before you signed in anew, so nothing was connected. {_AGAIN}"
LATE = f"The sign-in took longer than ten minutes, so nothing was connected. {_AGAIN}"


class FlowOver(Problem):
    """What came back fits no sign-in under way; nothing was asked at the provider."""


@dataclass(frozen=True, slots=True)
class Permit:
    """The person may sign this address in here; what the network steps need to know."""

    provider: Provider
    address: str
    app_id: int
    app: App = field(repr=False)
    display_name: str
    network: NetworkGuard


@dataclass(frozen=True, slots=True)
class Taken:
    """A sign-in that has come back, for the one time."""

    flow_id: int
    workspace_id: int
    identity_id: int
    provider: Provider
    address: str
    flow: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Whole:
    """What was granted, where it is stored, and how both mail servers took it: all that `keep` needs."""

    grant_id: int
    granted: Granted
    account: MailAccount
    folders: Folders
    state: MailboxState
    note: str


@use_case(needs=Permission.MANAGE, reads=True)
def may_sign_in(desk: Desk, identity_id: int, provider: Provider, address: str, vault: Vault, where: Endpoints) -> Permit:
    """Before any network is touched: the address is one, it is free or this identity's own, and there is an app."""
    tidy = tidy_address(address)
    row_of(desk, identity_id, tidy)
    if is_practice(desk.session) and not where.is_stand_in:
        raise Problem("A practice workspace signs in at its own stand-in only, which is not running.")
    app = find(desk.session, desk.workspace, provider)
    if app is None:
        raise Problem(f"No {NAMES[provider]} app is set up yet; an admin enters one under Settings › Providers.")
    name = desk.session.get_one(Identity, identity_id).name
    return Permit(provider, tidy, app.id, opened(app, vault), name, network_guard(desk.session))


def begin(permit: Permit, where: Endpoints, redirect: str, state: str) -> Begun:
    """Where the browser goes; Problem when the provider can't be asked now."""
    ask = google.begin if permit.provider is Provider.GOOGLE else microsoft.begin
    try:
        begun = ask(permit.app, where, redirect, permit.address, state)
    except SignInTrouble as trouble:
        raise Problem(trouble.sentence) from trouble
    return Begun(where.for_browser(begun.url), begun.flow)


@use_case(needs=Permission.MANAGE)
def remember(
    desk: Desk, identity_id: int, permit: Permit, flow: dict[str, Any], state: str, session_hash: str, vault: Vault
) -> int:
    """Keep what the return needs, bound to this browser's session; the state itself is kept as a hash only."""
    row = SignInFlow(
        workspace_id=desk.workspace,
        identity_id=identity_id,
        provider_app_id=permit.app_id,
        provider=permit.provider,
        address=permit.address,
        state_hash=digest(state),
        session_hash=session_hash,
        created_at=desk.now,
        expires_at=desk.now + LIFE,
    )
    desk.session.add(row)
    desk.session.flush()  # the flow is sealed for the row's id
    row.flow = vault.seal(json.dumps(flow), cut_off_sign_ins.place_of(row))
    desk.audit(
        "mailbox.sign_in_begun",
        f"sign_in_flow:{row.id}",
        new={"provider": permit.provider.value, "address": permit.address},
        identity_id=identity_id,
    )
    return row.id


def take(session: Session, vault: Vault, query: Mapping[str, str], redirect: str, session_hash: str, now: datetime) -> Taken:
    """The sign-in that the query's state names, used up by this; FlowOver for a stranger's, a used or a late one.

    Its code stays sealed with it until what it brings is stored (engine.cut_off_sign_ins).
    """
    row = session.scalars(select(SignInFlow).where(SignInFlow.state_hash == digest(query.get("state", "")))).one_or_none()
    if row is None:
        raise FlowOver(UNKNOWN)
    if row.used_at is not None or row.flow is None:
        raise FlowOver(USED)
    if row.session_hash != session_hash:
        raise FlowOver(ELSEWHERE)
    if now >= row.expires_at:
        raise FlowOver(LATE)
    flow = json.loads(vault.open(row.flow, cut_off_sign_ins.place_of(row)))
    row.used_at = now
    cut_off_sign_ins.note_code(vault, row, flow, query, redirect)
    return Taken(row.id, row.workspace_id, row.identity_id, row.provider, row.address, flow)


def finish(
    taken: Taken, permit: Permit, tokens: Tokens, redirect: str, query: Mapping[str, str], ca_file: str | None
) -> Whole:
    """Ask for the tokens and sign in to both sides with them; SignInTrouble or Problem, and then nothing is left behind.

    What was granted is stored before anything else is done, as a grant that is about to be given back: a process that
    dies from here on leaves it to the worker, and so does one that died before.
    """
    granted = _exchanged(taken, permit, tokens, redirect, query)
    reached("sign_in_granted")
    with tokens.database.write() as session:
        app = session.get_one(ProviderApp, permit.app_id)
        place = (taken.workspace_id, granted.address or permit.address)
        grant_id = held_grants.hold(session, tokens.vault, app, *place, granted, tokens.now())
        cut_off_sign_ins.landed(session, taken.flow_id)
    reached("sign_in_held")
    try:
        if taken.provider is Provider.GOOGLE:
            granted = google.identified(tokens.where, granted)
        missing = (google if taken.provider is Provider.GOOGLE else microsoft).missing(granted.scopes)
        _require_fitting(taken, granted, missing)
        whole = _tried(permit, grant_id, _Held(permit.app, tokens.where, granted), ca_file)
    except (Problem, SignInTrouble):
        # What Google does not hear of now, or nobody knows whose it is, the worker gives back.
        if giving_back.undo(tokens, granted, taken.provider):
            with tokens.database.write() as session:
                held_grants.drop(session, grant_id)
        raise
    reached("sign_in_tried")
    return whole


def _exchanged(taken: Taken, permit: Permit, tokens: Tokens, redirect: str, query: Mapping[str, str]) -> Granted:
    """The code for tokens. A clear refusal ends the matter; after anything else the worker looks what became of the code."""
    ask = google.finish if taken.provider is Provider.GOOGLE else microsoft.finish
    try:
        return ask(permit.app, tokens.where, redirect, taken.flow, query)
    except SignInTrouble as trouble:
        if trouble.denial is not Denial.UNWELL:
            with tokens.database.write() as session:
                cut_off_sign_ins.landed(session, taken.flow_id)
        raise


@use_case(needs=Permission.MANAGE)
def keep(desk: Desk, identity_id: int, permit: Permit, whole: Whole, vault: Vault) -> int:
    """Store the grant and the address that signs in by it; the mailbox's id. The same address gets its row back."""
    mailbox = row_of(desk, identity_id, permit.address)
    was = None if mailbox is None else {"state": mailbox.state.value, "removed": mailbox.removed_at is not None}
    if mailbox is None:
        mailbox = new_row(desk, identity_id, permit.address, permit.provider)
    giving_back.let_go(desk.session, mailbox, desk.now)
    mailbox.grant_id = held_grants.take_up(desk.session, vault, whole.grant_id, permit.address, whole.granted, desk.now)
    mailbox.provider, mailbox.password = permit.provider, None
    settle(desk, mailbox, whole.account, whole.folders, was)
    cut_off_sign_ins.is_over(desk.session, mailbox.workspace_id, mailbox.address, desk.now)
    if whole.state is not MailboxState.OK:
        mailbox.state, mailbox.state_note, mailbox.last_good_at = whole.state, whole.note, None
        mailbox_alerts.tell(desk.session, mailbox, desk.now)
    return mailbox.id


@use_case(needs=Permission.MANAGE)
def note_refusal(
    desk: Desk, identity_id: int, provider: Provider, address: str, denial: Denial, sentence: str
) -> int | None:
    """Show Microsoft's answer on the address itself; None where it says nothing about the address."""
    states = {Denial.APPROVAL_NEEDED: MailboxState.WAITING_FOR_APPROVAL, Denial.REFUSED: MailboxState.REFUSED}
    if denial not in states:
        return None
    mailbox = row_of(desk, identity_id, address) or new_row(desk, identity_id, address, provider)
    if mailbox.removed_at is None and mailbox.state.may_send:
        return None  # it signs in by other means, which this answer does not end
    old = mailbox.state
    mailbox.state, mailbox.state_since, mailbox.state_note = states[denial], desk.now, sentence
    mailbox.removed_at, mailbox.next_probe_at = None, None
    mailbox_alerts.tell(desk.session, mailbox, desk.now)
    desk.audit(
        "mailbox.state_changed",
        f"mailbox:{mailbox.id}",
        old={"state": old.value},
        new={"state": mailbox.state.value, "why": sentence},
        identity_id=identity_id,
    )
    return mailbox.id


def forget_old(session: Session, now: datetime) -> None:
    """What never came back, and what was told long ago; never a code of which nobody knows yet what became of it."""
    old = SignInFlow.expires_at < now - _TOLD_FOR, SignInFlow.used_at.is_(None) | SignInFlow.flow.is_(None)
    session.execute(delete(SignInFlow).where(*old))


def _require_fitting(taken: Taken, granted: Granted, missing: str) -> None:
    if missing:
        raise Problem(missing)
    if not granted.refresh_token:
        raise Problem(f"{NAMES[taken.provider]} gave no lasting sign-in, so nothing was kept; connect again.")
    signed_in = [one for one in (granted.address, granted.other_address) if one]
    if not signed_in:
        raise Problem(f"{NAMES[taken.provider]} did not say which address signed in, so nothing was kept; tick every box.")
    if taken.address not in signed_in:
        raise Problem(
            f"You signed in as {signed_in[0]}, but {taken.address} was meant, so nothing was connected."
            " Choose the right account there, or connect that address instead."
        )


@dataclass
class _Held:
    """What was granted a moment ago; a token for Graph is made from it, and what rotates by that is kept."""

    app: App
    where: Endpoints
    granted: Granted

    def bearer(self, _refused: str) -> str:
        return self.granted.access_token

    def graph_bearer(self, _refused: str) -> str:
        try:
            made = microsoft.refresh(self.app, self.where, self.granted.refresh_token, microsoft.GRAPH_SCOPES)
        except SignInTrouble as trouble:
            raise ConnectionTrouble(Trouble.GRAPH_REFUSED, GRAPH_HOST, 443) from trouble
        self.granted = replace(self.granted, refresh_token=made.refresh_token or self.granted.refresh_token)
        return made.access_token


def _tried(permit: Permit, grant_id: int, held: _Held, ca_file: str | None) -> Whole:
    imap, smtp = held.where.servers(permit.provider)
    way = GraphWay(held.where.graph, held.where.ca_file, held.graph_bearer) if permit.app.by_graph else None
    account = MailAccount(permit.address, permit.display_name, permit.address, "", imap, smtp, bearer=held.bearer, graph=way)
    found = probe(account, permit.network, ca_file)
    if found.folders is None or not (found.is_good or found.is_only_disabled_by_tenant):
        raise Problem(" ".join((*found.sentences, "Nothing was kept.")))
    if found.sends_by_graph:
        account = replace(account, smtp=Server(GRAPH_HOST, 443, Security.SSL))
    state = MailboxState.OK if found.is_good else MailboxState.DISABLED_BY_TENANT
    return Whole(grant_id, held.granted, account, found.folders, state, " ".join(found.sentences))
