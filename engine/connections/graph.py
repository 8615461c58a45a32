"""Sending by Microsoft Graph, where a tenant forbids SMTP: a draft first, then its sending, so that a draft can testify.

A draft that is still a draft was not sent. The draft's number and the Message-ID that Exchange gave it are the evidence.
"""

import base64
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests

from engine.channels.effects import GRAPH_HOST, Accepted, Failed, GraphWay, Outcome, Trace, Uncertain
from engine.connections.oauth import WebSession
from engine.connections.trouble import ConnectionTrouble, Trouble, scrub
from storage.kinds import Reason

# The same number wherever the message moves, so that it is found again in Sent Items.
_HEADERS = {"Prefer": 'IdType="ImmutableId"'}
_BUSY = frozenset({429, 500, 502, 503, 504})


def check(way: GraphWay) -> None:
    """Whether mail may be sent by it; ConnectionTrouble when not."""
    answer = _asked(way, "GET", "/me/mailFolders/sentitems?$select=id")
    if answer.status_code != 200:
        raise _trouble(answer)


def send(way: GraphWay, content: bytes) -> Outcome:
    """Hand over one built mail, at most once; never raises."""
    try:
        draft = _asked(way, "POST", "/me/messages", base64.b64encode(content))
    except ConnectionTrouble as trouble:
        return _not_connected(trouble)
    if draft.status_code != 201:
        return _refused(draft)
    made = _json(draft)
    number, message_id = str(made.get("id", "")), str(made.get("internetMessageId", ""))
    try:
        answer = _asked(way, "POST", f"/me/messages/{number}/send")
    except ConnectionTrouble as trouble:
        if trouble.trouble in (Trouble.TIMED_OUT, Trouble.DROPPED):
            return Uncertain(f"Microsoft was told to send the draft and no answer came: {trouble.note}")
        return _not_connected(trouble)
    if answer.status_code == 202:
        evidence = {"answer": "202 Accepted", "host": GRAPH_HOST, "draft": number, "internet_message_id": message_id}
        return Accepted({**evidence, "copy": "filed by the host"})
    if answer.status_code >= 500:
        return Uncertain(f"Microsoft was told to send the draft and answered {answer.status_code}.")
    with suppress(ConnectionTrouble):
        _asked(way, "DELETE", f"/me/messages/{number}")
    return _refused(answer)


def look_up(way: GraphWay, message_id: str) -> Trace:
    """Sent, still a draft (proof that it was not), or neither; never raises."""
    wanted = message_id.replace("'", "''")
    try:
        answer = _asked(way, "GET", f"/me/messages?$filter=internetMessageId eq '{wanted}'&$select=id,isDraft")
    except ConnectionTrouble:
        return Trace.UNREADABLE
    if answer.status_code != 200:
        return Trace.UNREADABLE
    found = [bool(one.get("isDraft")) for one in _json(answer).get("value", [])]
    if not found:
        return Trace.UNKNOWABLE
    return Trace.ABSENT if all(found) else Trace.FOUND


@dataclass(frozen=True, slots=True)
class _Call:
    way: GraphWay
    method: str
    path: str
    body: bytes | None

    def by(self, token: str) -> requests.Response:
        headers = {**_HEADERS, "Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
        try:
            return WebSession(self.way.ca_file).request(
                self.method, f"{self.way.base}/v1.0{self.path}", headers=headers, data=self.body or b""
            )
        except requests.exceptions.ConnectTimeout as error:
            raise ConnectionTrouble(Trouble.PORT_CLOSED, GRAPH_HOST, 443) from error
        except requests.exceptions.Timeout as error:
            raise ConnectionTrouble(Trouble.TIMED_OUT, GRAPH_HOST, 443) from error
        except requests.exceptions.SSLError as error:
            raise ConnectionTrouble(Trouble.CERTIFICATE_NOT_TRUSTED, GRAPH_HOST, 443) from error
        except (requests.RequestException, OSError) as error:
            unreached = "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
            raise ConnectionTrouble(Trouble.PORT_CLOSED if unreached else Trouble.DROPPED, GRAPH_HOST, 443) from error


def _asked(way: GraphWay, method: str, path: str, body: bytes | None = None) -> requests.Response:
    """With a fresh token; one that is refused is renewed once, which nothing has happened by."""
    call = _Call(way, method, path, body)
    token = way.bearer("")
    answer = call.by(token)
    return call.by(way.bearer(token)) if answer.status_code == 401 else answer


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _said(answer: requests.Response) -> str:
    error = _json(answer).get("error")
    words = f"{error.get('code', '')} {error.get('message', '')}" if isinstance(error, dict) else answer.reason
    return scrub(f"{answer.status_code} {words}")


def _trouble(answer: requests.Response) -> ConnectionTrouble:
    if answer.status_code in _BUSY:
        return ConnectionTrouble(Trouble.UNAVAILABLE, GRAPH_HOST, 443, _said(answer))
    return ConnectionTrouble(Trouble.GRAPH_REFUSED, GRAPH_HOST, 443, _said(answer))


def _refused(answer: requests.Response) -> Failed:
    """Every answer here came instead of a sending."""
    note = f"Microsoft Graph: {_said(answer)}"
    code = str((_json(answer).get("error") or {}).get("code", "")) if _json(answer) else ""
    if "MessageLimit" in code or "SubmissionQuota" in code or "Limit" in code:
        return Failed(Reason.PROVIDER_LIMIT, note, permanent=False)
    if answer.status_code in _BUSY:
        return Failed(Reason.PROVIDER_BUSY, note, permanent=False)
    if answer.status_code in (401, 403):
        return Failed(Reason.SIGN_IN_REFUSED, note, permanent=False, connection_ended=True)
    if "Recipient" in code:
        return Failed(Reason.RECIPIENT_REFUSED, note, permanent=True)
    return Failed(Reason.MESSAGE_REFUSED, note, permanent=True)


def _not_connected(trouble: ConnectionTrouble) -> Failed:
    if trouble.trouble.ends_connection:
        return Failed(Reason.SIGN_IN_REFUSED, trouble.note, permanent=False, connection_ended=True)
    return Failed(Reason.UNREACHABLE, trouble.note, permanent=False)
