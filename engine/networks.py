"""Which private networks an owner allowed, and the network guard made from them."""

import ipaddress
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.connections.network import NetworkGuard
from engine.desk import Desk, Problem, use_case
from storage.kinds import Permission
from storage.tables import Installation, Setting

_KEY = "allowed_networks"


def allowed_networks(session: Session) -> tuple[str, ...]:
    setting = session.get(Setting, _KEY)
    return tuple(setting.value) if setting else ()


def network_guard(session: Session) -> NetworkGuard:
    """The guard for every connection to a mail server: private networks are refused unless they are in the setting.

    A practice installation reaches those networks only, so that nothing invented ever leaves this computer.
    """
    return replace(NetworkGuard.allowing(allowed_networks(session)), only_allowed=is_practice(session))


def is_practice(session: Session) -> bool:
    return bool(session.scalar(select(Installation.practice)))


@use_case(needs=Permission.OWN, reads=True)
def list_allowed_networks(desk: Desk) -> tuple[str, ...]:
    return allowed_networks(desk.session)


@use_case(needs=Permission.OWN)
def set_allowed_networks(desk: Desk, networks: list[str]) -> tuple[str, ...]:
    """Replace the list; each entry is an address or a network such as 192.168.7.0/24."""
    tidy = tuple(dict.fromkeys(_tidied(text) for text in networks if text.strip()))
    old = allowed_networks(desk.session)
    desk.session.merge(Setting(key=_KEY, value=list(tidy), changed_at=desk.now))
    desk.audit("networks.changed", "setting:allowed_networks", old={"networks": list(old)}, new={"networks": list(tidy)})
    return tidy


def _tidied(text: str) -> str:
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise Problem(f"{text.strip()!r} is not a network; write it like 192.168.7.0/24 or 10.0.0.5.") from error
    if network.prefixlen == 0:
        raise Problem("That would allow every network there is; name the one your mail server is in.")
    return str(network)
