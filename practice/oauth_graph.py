"""Microsoft Graph's part of the sign-in stand-in: drafts, their sending, and the search for a message."""

import base64
import re
import secrets
from email import message_from_bytes
from email.policy import default

from practice.oauth_answers import Answer, Call, said
from practice.oauth_book import Book

_MESSAGE = re.compile(r"/v1\.0/me/messages/([A-Za-z0-9_-]+)(/send)?")
_WANTED = re.compile(r"internetMessageId eq '(.*)'")


def answer(book: Book, call: Call) -> Answer | None:
    """None for what is not Graph's; a token for another resource opens nothing here."""
    if not call.path.startswith("/v1.0/me/"):
        return None
    access = book.opened_by(call.bearer)
    if access is None or not access.is_for_graph:
        return _refused(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
    if book.graph_refusals:
        status, code = book.graph_refusals.pop(0)
        if status:  # 0 lets this one pass
            return _refused(status, code, "As the test wants it.")
    if call.path == "/v1.0/me/mailFolders/sentitems":
        return said(200, {"id": "sentitems"})
    if call.path == "/v1.0/me/messages":
        return _drafted(book, access.address, call) if call.method == "POST" else _found(book, access.address, call)
    named = _MESSAGE.fullmatch(call.path)
    return _changed(book, access.address, call, named[1], is_send=bool(named[2])) if named else None


def _drafted(book: Book, address: str, call: Call) -> Answer:
    content = base64.b64decode(call.body)
    number = secrets.token_urlsafe(12)
    book.messages[number] = {"address": address, "content": content, "isDraft": True}
    return said(201, {"id": number, "internetMessageId": _message_id(content), "isDraft": True})


def _found(book: Book, address: str, call: Call) -> Answer:
    wanted = _WANTED.fullmatch(call.query.get("$filter", ""))
    name = wanted[1].replace("''", "'") if wanted else ""
    own = [(number, one) for number, one in book.messages.items() if one["address"] == address]
    hits = [(number, one) for number, one in own if _message_id(one["content"]) == name]
    return said(200, {"value": [{"id": number, "isDraft": one["isDraft"]} for number, one in hits]})


def _changed(book: Book, address: str, call: Call, number: str, *, is_send: bool) -> Answer:
    message = book.messages.get(number)
    if message is None or message["address"] != address:
        return _refused(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    if call.method == "DELETE":
        del book.messages[number]
        return Answer(204, b"", {})
    if not is_send or not message["isDraft"]:
        return _refused(400, "ErrorInvalidRequest", "This can't be sent.")
    message["isDraft"] = False
    book.deliver(address, message["content"])
    return Answer(202, b"", {})


def _message_id(content: bytes) -> str:
    return str(message_from_bytes(content, policy=default)["Message-ID"] or "")


def _refused(status: int, code: str, message: str) -> Answer:
    return said(status, {"error": {"code": code, "message": message}})
