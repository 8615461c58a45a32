"""What Microsoft's numbers mean, a sentence each (Entra's help pages, November 2026); they explain what `error` decided."""

import re

_NUMBER = re.compile(r"AADSTS(\d{4,7})")
_ADMIN = "an administrator of the mail domain must approve the app; use “Ask the administrator” to send them the link"
SENTENCES = {
    65001: f"Nobody has consented to the app for this address yet; connect again, or {_ADMIN}.",
    65004: "The person declined the consent, so nothing was connected.",
    65005: "The app asks for something that its registration does not hold; check its API permissions.",
    650056: "The app's registration holds no such permission, or consent is missing; check its API permissions.",
    90090: "Microsoft could not grant the permissions just now; try again in some minutes.",
    90093: f"This account may not consent to the app, or a policy forbids it: {_ADMIN}.",
    90094: f"Approval required: {_ADMIN}.",
    90095: f"Approval required: Microsoft sent the request to the administrator; wait for the answer, or {_ADMIN}.",
    900941: f"Microsoft rates the app as risky (often: no verified publisher), so {_ADMIN}.",
    900981: f"Microsoft rates the app as risky (often: no verified publisher), so {_ADMIN}.",
    53003: (
        "A Conditional Access policy of the client blocks this sign-in; their administrator must exempt the app or this"
        " server's address."
    ),
    50194: "The app is registered for one tenant only; enter it under Settings › Providers, or make it multi-tenant.",
    700016: "Microsoft does not know this app in that tenant; check client id and tenant under Settings › Providers.",
    7000215: "The secret of the app is wrong (enter its value, not its id) under Settings › Providers.",
    7000222: "The secret of the app has expired; make a new one in the Entra admin center and enter it under Providers.",
    700082: "The sign-in ended because it was not used for too long; reconnect it.",
    70008: "The sign-in ended because it was not used for too long; reconnect it.",
    50173: "The sign-in ended because the password was changed or the sessions were revoked; reconnect it.",
    70043: "The client's sign-in frequency policy ended the sign-in; reconnect it (their administrator can exempt the app).",
    54005: "Microsoft's answer was used already; connect again.",
    501481: "Microsoft's answer does not fit this sign-in; connect again.",
    50011: "The redirect address is missing in the app; copy it from Settings › Providers into the Entra admin center.",
    90002: "Microsoft does not know this tenant; check it under Settings › Providers.",
}


# Those whose way out is the administrator's consent.
_APPROVAL = frozenset({65001, 90093, 90094, 90095, 900941, 900981})


def asks_for_approval(description: str) -> bool:
    return not _APPROVAL.isdisjoint(_numbers(description))


def explained(description: str) -> str:
    """The sentence for the first number that is known; empty for none."""
    return next((SENTENCES[number] for number in _numbers(description) if number in SENTENCES), "")


def _numbers(description: str) -> list[int]:
    return [int(found) for found in _NUMBER.findall(description)]
