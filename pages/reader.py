"""Where the reader is, as their browser says."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st


def zone(otherwise: str = "UTC") -> str:
    """The time zone's name, or `otherwise` where the browser names none that exists: some say "Etc/Unknown"."""
    return known(st.context.timezone, otherwise)


def known(named: str | None, otherwise: str) -> str:
    try:
        return str(ZoneInfo(named)) if named else otherwise
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return otherwise
