"""What can go wrong between Outpost and a mail server, each with the sentence a person reads."""

import re
import ssl
from enum import StrEnum


class Trouble(StrEnum):
    HOST_NOT_FOUND = "host_not_found"
    NETWORK_NOT_ALLOWED = "network_not_allowed"
    PRACTICE_ONLY = "practice_only"
    PORT_NOT_ALLOWED = "port_not_allowed"
    PORT_CLOSED = "port_closed"
    TIMED_OUT = "timed_out"
    DROPPED = "dropped"
    NOT_ENCRYPTED = "not_encrypted"
    WRONG_SECURITY = "wrong_security"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    CERTIFICATE_SELF_SIGNED = "certificate_self_signed"
    CERTIFICATE_FOR_ANOTHER_HOST = "certificate_for_another_host"
    CERTIFICATE_NOT_TRUSTED = "certificate_not_trusted"
    NOT_A_MAIL_SERVER = "not_a_mail_server"
    NO_PASSWORD_SIGN_IN = "no_password_sign_in"  # noqa: S105 - a word, not a secret
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a word, not a secret
    APP_PASSWORD_NEEDED = "app_password_needed"  # noqa: S105 - a word, not a secret
    SMTP_AUTH_DISABLED = "smtp_auth_disabled"
    GRANT_ENDED = "grant_ended"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a word, not a secret
    GRAPH_REFUSED = "graph_refused"
    NO_TOKEN = "no_token"  # noqa: S105 - a word, not a secret
    CONNECTION_LIMIT = "connection_limit"
    UNAVAILABLE = "unavailable"
    FOLDERS_UNREADABLE = "folders_unreadable"
    MAILBOX_FULL = "mailbox_full"
    MAILBOX_BUSY = "mailbox_busy"
    COMMAND_REFUSED = "command_refused"

    @property
    def ends_connection(self) -> bool:
        """Trying again changes nothing until a person does something about the sign-in."""
        return self in _ENDS_CONNECTION


_ENDS_CONNECTION = frozenset(
    {
        Trouble.NO_PASSWORD_SIGN_IN,
        Trouble.WRONG_PASSWORD,
        Trouble.APP_PASSWORD_NEEDED,
        Trouble.SMTP_AUTH_DISABLED,
        Trouble.GRANT_ENDED,
        Trouble.TOKEN_REFUSED,
        Trouble.GRAPH_REFUSED,
    }
)
_SENTENCES = {
    Trouble.HOST_NOT_FOUND: "There is no server named {host}; check the spelling of the host.",
    Trouble.NETWORK_NOT_ALLOWED: (
        "{host} lies in a private or reserved network; an owner of this installation must allow that network first."
    ),
    Trouble.PRACTICE_ONLY: "This is a practice workspace: it talks to its own stand-ins on this computer, never to {host}.",
    Trouble.PORT_NOT_ALLOWED: "Port {port} is not for encrypted mail; use 993 for IMAP, and 587 or 465 for SMTP.",
    Trouble.PORT_CLOSED: "{host} refuses connections on port {port}; check host and port.",
    Trouble.TIMED_OUT: "{host} did not answer on port {port} in time; check host and port, or try again later.",
    Trouble.DROPPED: "{host} closed the connection without a reason; try again later.",
    Trouble.NOT_ENCRYPTED: "{host} offers no encryption on port {port}, so nothing was sent; use another port or host.",
    Trouble.WRONG_SECURITY: (
        "{host} does not speak this kind of encryption on port {port}: 993 and 465 are for SSL, 587 is for STARTTLS."
    ),
    Trouble.CERTIFICATE_EXPIRED: "The certificate of {host} has expired; whoever runs the server must renew it.",
    Trouble.CERTIFICATE_NOT_YET_VALID: (
        "The certificate of {host} is not valid yet; check this computer's clock, or ask whoever runs the server."
    ),
    Trouble.CERTIFICATE_SELF_SIGNED: (
        "The certificate of {host} is signed by the server itself, so nobody vouches for it; whoever runs the server must"
        " install one of a known authority."
    ),
    Trouble.CERTIFICATE_FOR_ANOTHER_HOST: (
        "The certificate shown by {host} is for another host; use the host name that the provider's help names."
    ),
    Trouble.CERTIFICATE_NOT_TRUSTED: (
        "The certificate of {host} was not issued by a known authority; whoever runs the server must install a valid one."
    ),
    Trouble.NOT_A_MAIL_SERVER: "What answers at {host} on port {port} is not a mail server; check host and port.",
    Trouble.NO_PASSWORD_SIGN_IN: "{host} offers no sign-in with a password; this address can't be connected by IMAP.",
    Trouble.WRONG_PASSWORD: (
        "{host} refused the user name or the password; check both (some providers want an app password instead)."
    ),
    Trouble.APP_PASSWORD_NEEDED: (
        "{host} wants an app password instead of the normal one; make one in the account's security settings and enter it."
    ),
    Trouble.SMTP_AUTH_DISABLED: (
        "Sending by SMTP is switched off for this address (SMTP AUTH is disabled). The administrator must switch on"
        " “Authenticated SMTP” for it: Microsoft 365 admin center › Users › Active users › Mail › Manage email apps; where"
        " the tenant forbids it (security defaults), also Set-TransportConfig -SmtpClientAuthenticationDisabled $false."
    ),
    Trouble.GRANT_ENDED: "{host} no longer accepts the sign-in of this address; reconnect it.",
    Trouble.TOKEN_REFUSED: (
        "{host} refused the sign-in that was granted for this address; check that IMAP is switched on there, then reconnect."
    ),
    Trouble.GRAPH_REFUSED: (
        "Microsoft Graph refused to send for this address; sign in again and allow Mail.Send and Mail.ReadWrite, or ask the"
        " administrator to approve them."
    ),
    Trouble.NO_TOKEN: "{host} can't renew the sign-in of this address at the moment; it is asked again in some minutes.",
    Trouble.CONNECTION_LIMIT: (
        "{host} has too many connections open for this address; close other mail programs or try again in some minutes."
    ),
    Trouble.UNAVAILABLE: "{host} can't check the sign-in at the moment; try again in some minutes.",
    Trouble.FOLDERS_UNREADABLE: "The sign-in to {host} worked, but its folders could not be listed; try again later.",
    Trouble.MAILBOX_FULL: "The mailbox at {host} is full; make room in it, or ask whoever runs the server for more.",
    Trouble.MAILBOX_BUSY: "{host} can't get at the mailbox at the moment; it is tried again by itself.",
    Trouble.COMMAND_REFUSED: "The sign-in to {host} worked, but it refused what was asked of the mailbox.",
}


class ConnectionTrouble(Exception):  # noqa: N818 - it is told to a person, like a Problem
    """One trouble with one server; `words` are the server's own, scrubbed, and never hold a password."""

    def __init__(self, trouble: Trouble, host: str, port: int, words: str = "") -> None:
        self.trouble = trouble
        self.words = scrub(words)
        self.sentence = _SENTENCES[trouble].format(host=host, port=port)
        super().__init__(self.sentence)

    @property
    def note(self) -> str:
        """The sentence and, where there are some, the server's own words."""
        return f'{self.sentence} The server said: "{self.words}"' if self.words else self.sentence


def scrub(words: str | bytes, length: int = 300) -> str:
    """A server's words on one line without control characters, at most `length` long."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    flat = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return flat if len(flat) <= length else f"{flat[: length - 1]}…"


_CERTIFICATES = {
    9: Trouble.CERTIFICATE_NOT_YET_VALID,
    10: Trouble.CERTIFICATE_EXPIRED,
    18: Trouble.CERTIFICATE_SELF_SIGNED,  # alone; 19, within a chain, is an authority that nobody knows
    62: Trouble.CERTIFICATE_FOR_ANOTHER_HOST,
    64: Trouble.CERTIFICATE_FOR_ANOTHER_HOST,  # asked for by its IP address
}


def certificate_trouble(error: ssl.SSLError) -> Trouble:
    """Which trouble an error of the TLS handshake stands for (OpenSSL's X509_V_ERR numbers)."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return Trouble.WRONG_SECURITY
    return _CERTIFICATES.get(error.verify_code, Trouble.CERTIFICATE_NOT_TRUSTED)


# In the order in which they are asked: a server may say "Authentication failed" and the real reason in one line.
_SIGN_IN_WORDS = (
    (re.compile(r"5\.7\.139|smtpclientauthentication is disabled|smtp_auth_disabled", re.I), Trouble.SMTP_AUTH_DISABLED),
    (re.compile(r"5\.7\.30|basic ?auth\w* is (not supported|disabled)|basicauthblocked", re.I), Trouble.NO_PASSWORD_SIGN_IN),
    (
        re.compile(r"application-specific|app[- ]?(specific )?password|5\.7\.9\b|InvalidSecondFactor", re.I),
        Trouble.APP_PASSWORD_NEEDED,
    ),
    (
        re.compile(
            r"\[LIMIT\]|too many (simultaneous |concurrent )?(connections|logins)|maximum number of connections", re.I
        ),
        Trouble.CONNECTION_LIMIT,
    ),
    (re.compile(r"\[OVERQUOTA\]", re.I), Trouble.MAILBOX_FULL),
    (re.compile(r"\[(UNAVAILABLE|INUSE|SERVERBUG)\]|temporary|try again later", re.I), Trouble.UNAVAILABLE),
    (re.compile(r"\[(AUTHENTICATIONFAILED|AUTHORIZATIONFAILED)\]", re.I), Trouble.WRONG_PASSWORD),
)


def sign_in_trouble(words: str) -> Trouble:
    """What the words of a refused sign-in mean; a wrong password when they say nothing else."""
    return next((trouble for pattern, trouble in _SIGN_IN_WORDS if pattern.search(words)), Trouble.WRONG_PASSWORD)


# Codes of RFC 5530; at a command [LIMIT] is any limit of the server's, at a sign-in that of its connections.
_COMMAND_WORDS = (
    (re.compile(r"\[OVERQUOTA\]|quota (is )?exceeded|over quota|mailbox is full", re.I), Trouble.MAILBOX_FULL),
    (
        re.compile(r"too many (simultaneous |concurrent )?connections|maximum number of connections", re.I),
        Trouble.CONNECTION_LIMIT,
    ),
    (
        re.compile(r"\[(LIMIT|UNAVAILABLE|INUSE|SERVERBUG|EXPUNGEISSUED)\]|temporar|try again|later", re.I),
        Trouble.MAILBOX_BUSY,
    ),
)


def command_trouble(words: str) -> Trouble:
    """What the words mean with which a server refused a command after the sign-in: never that the sign-in is bad."""
    return next((trouble for pattern, trouble in _COMMAND_WORDS if pattern.search(words)), Trouble.COMMAND_REFUSED)
