"""The pages a person meets at the sign-in stand-in: consent, approval required, an administrator's consent, an error."""

from collections.abc import Mapping, Sequence
from html import escape

_FRAME = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f3f3f1; color: #222; }}
main {{ max-width: 26rem; margin: 8vh auto; background: #fff; padding: 2rem; border-radius: 12px; }}
small {{ color: #666; }} label {{ display: block; margin: .6rem 0; }} h1 {{ font-size: 1.3rem; }}
input[type=email] {{ width: 100%; font: inherit; padding: .4rem; box-sizing: border-box; }}
button {{ font: inherit; padding: .5rem 1.2rem; margin: 1rem .5rem 0 0; }}
</style></head><body><main>
<small>{who} · practice stand-in, nothing here is real</small><h1>{title}</h1>{body}
</main></body></html>"""


def page(who: str, title: str, body: str) -> str:
    return _FRAME.format(who=escape(who), title=escape(title), body=body)


def kept(query: Mapping[str, str]) -> str:
    """Everything that was asked, carried along in the form."""
    fields = (f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in query.items())
    return "".join(fields)


def consent(who: str, query: Mapping[str, str], scopes: Sequence[str], *, tickable: bool) -> str:
    """Who signs in, what is asked, and the two buttons; at Google each box can be unticked."""
    boxes = "".join(_box(number, scope, tickable=tickable) for number, scope in enumerate(scopes))
    email = escape(query.get("login_hint", ""))
    allow, cancel = ("Continue", "Cancel") if tickable else ("Accept", "Cancel")
    return page(
        who,
        "Outpost wants access to your mail",
        f'<form method="post">{kept(query)}<label>Account<input type="email" name="email" value="{email}" required></label>'
        f'{boxes}<button name="answer" value="allow">{allow}</button>'
        f'<button name="answer" value="cancel" formnovalidate>{cancel}</button></form>',
    )


def _box(number: int, scope: str, *, tickable: bool) -> str:
    if not tickable:
        return f"<p>✓ {escape(scope)}</p>"
    return f'<label><input type="checkbox" name="scope{number}" value="{escape(scope)}" checked> {escape(scope)}</label>'


def approval_required(query: Mapping[str, str]) -> str:
    return page(
        "Microsoft",
        "Approval required",
        "<p>This app needs your administrator's approval before you can use it.</p>"
        f'<form method="post">{kept(query)}<button name="answer" value="back">Return to the application without granting'
        " consent</button></form>",
    )


def admin_consent(query: Mapping[str, str], scopes: Sequence[str]) -> str:
    asked = "".join(f"<p>✓ {escape(scope)}</p>" for scope in scopes)
    return page(
        "Microsoft",
        "Permissions requested: accept for your organization",
        f'<form method="post">{kept(query)}<label>Administrator\'s account<input type="email" name="email" required></label>'
        f'{asked}<button name="answer" value="allow">Accept</button>'
        '<button name="answer" value="cancel" formnovalidate>Cancel</button></form>',
    )
