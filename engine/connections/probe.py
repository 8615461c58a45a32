"""Really signing in to both sides of a mailbox, and what is found there."""

import concurrent.futures
import imaplib
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.channels.effects import MailAccount
from engine.connections import graph, servers
from engine.connections.imap import ImapSession, account_session
from engine.connections.network import Deadline, NetworkGuard
from engine.connections.smtp import open_smtp, sign_in_to
from engine.connections.trouble import ConnectionTrouble, Trouble
from engine.connections.trust import refused, trusted

_GMAIL = "smtp.gmail.com"


@dataclass(frozen=True, slots=True)
class Folders:
    """What the IMAP side showed; `files_sent_itself`: the host puts every mail sent through it into Sent."""

    sent: str
    junk: str
    files_sent_itself: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """The result of one probe: a trouble per side, or the folders."""

    imap_trouble: ConnectionTrouble | None
    smtp_trouble: ConnectionTrouble | None
    folders: Folders | None
    sends_by_graph: bool = False  # SMTP is switched off there, and Microsoft Graph takes its place

    @property
    def is_good(self) -> bool:
        return self.imap_trouble is None and self.smtp_trouble is None

    @property
    def needs_person(self) -> bool:
        return any(trouble.trouble.ends_connection for trouble in self._troubles())

    @property
    def is_only_disabled_by_tenant(self) -> bool:
        """The sign-in itself is good; the tenant alone forbids sending with it."""
        disabled = self.smtp_trouble is not None and self.smtp_trouble.trouble is Trouble.SMTP_AUTH_DISABLED
        return disabled and self.imap_trouble is None

    @property
    def sentences(self) -> tuple[str, ...]:
        """Which side failed and why, a sentence each; empty when all is well."""
        said = []
        if self.imap_trouble:
            said.append(f"IMAP (reading): {self.imap_trouble.note}")
        if self.smtp_trouble:
            said.append(f"SMTP (sending): {self.smtp_trouble.note}")
        return tuple(said)

    def _troubles(self) -> tuple[ConnectionTrouble, ...]:
        return tuple(trouble for trouble in (self.imap_trouble, self.smtp_trouble) if trouble is not None)


def probe(account: MailAccount, network: NetworkGuard, ca_file: str | None = None, seconds: float = 20) -> Probe:
    """Sign in to both sides at once, list the folders; never raises."""
    by_graph = account.graph_in_use is not None
    deadline = Deadline.after(seconds)
    pool = concurrent.futures.ThreadPoolExecutor(2, thread_name_prefix="probe")
    try:
        reading = pool.submit(_tried, lambda: _read_folders(account, network, ca_file, deadline))
        sending = pool.submit(_tried, lambda: _sign_in_to_send(account, network, ca_file, deadline))
        folders, imap_trouble = reading.result()
        _, smtp_trouble = sending.result()
    finally:
        pool.shutdown(wait=False)
    if account.graph and smtp_trouble and smtp_trouble.trouble is Trouble.SMTP_AUTH_DISABLED:
        way = account.graph
        _, smtp_trouble = _tried(lambda: graph.check(way))
        by_graph = smtp_trouble is None
    imap_trouble, smtp_trouble = _explained(imap_trouble, account.imap.host), _explained(smtp_trouble, account.smtp.host)
    return Probe(imap_trouble, smtp_trouble, folders if isinstance(folders, Folders) else None, by_graph)


def _tried(side: Callable[[], Folders | None]) -> tuple[Folders | None, ConnectionTrouble | None]:
    try:
        return side(), None
    except ConnectionTrouble as trouble:
        return None, trouble


def _explained(trouble: ConnectionTrouble | None, host: str) -> ConnectionTrouble | None:
    """A wrong password at a provider that takes only app passwords gets that provider's own hint."""
    known = servers.host_of_server(host)
    if trouble and known and known.hint and trouble.trouble in (Trouble.WRONG_PASSWORD, Trouble.APP_PASSWORD_NEEDED):
        trouble.sentence = f"{trouble.sentence} {known.hint}"
    return trouble


def _sign_in_to_send(account: MailAccount, network: NetworkGuard, ca_file: str | None, deadline: Deadline) -> None:
    if account.graph_in_use is not None:
        graph.check(account.graph_in_use)
        return
    session = open_smtp(account.smtp, network, trusted(ca_file), deadline)
    try:
        sign_in_to(session, account)
    finally:
        session.leave()


def _read_folders(account: MailAccount, network: NetworkGuard, ca_file: str | None, deadline: Deadline) -> Folders:
    with account_session(account, network, trusted(ca_file), deadline) as session:
        try:
            found = find_folders(session)
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            found_out = refused(account.imap, error)
            unclear = found_out.trouble in (Trouble.COMMAND_REFUSED, Trouble.DROPPED, Trouble.TIMED_OUT)
            trouble = Trouble.FOLDERS_UNREADABLE if unclear else found_out.trouble
            raise ConnectionTrouble(trouble, account.imap.host, account.imap.port, found_out.words) from error
    # What another provider's server sends is not filed here, and its absence would prove nothing.
    same = servers.host_of_server(account.smtp.host) is servers.host_of_server(_GMAIL)
    return replace(found, files_sent_itself=found.files_sent_itself and same)


# Names that hosts without SPECIAL-USE give them: English, German, Spanish, French, Italian, Portuguese, Dutch, Polish,
# Swedish, Danish, Norwegian, Finnish, Czech, Turkish, Russian.
_SENT_NAMES = (
    "sent", "sent items", "sent mail", "sent messages", "gesendet", "gesendete objekte", "gesendete elemente",
    "enviados", "elementos enviados", "correo enviado", "envoyés", "messages envoyés", "éléments envoyés",
    "inviati", "posta inviata", "itens enviados", "mensagens enviadas", "verzonden",
    "verzonden items", "wysłane", "elementy wysłane", "skickat", "skickade", "sendt", "sendte elementer",
    "lähetetyt", "odeslané", "odeslaná pošta", "gönderilmiş öğeler", "gönderilenler", "отправленные",
)  # fmt: skip
_JUNK_NAMES = (
    "junk", "junk e-mail", "junk email", "spam", "bulk mail", "bulk", "spamverdacht", "junk-e-mail", "unerwünscht",
    "correo no deseado", "no deseado", "courrier indésirable", "indésirables", "pourriel", "posta indesiderata",
    "lixo eletrónico", "lixo eletrônico", "ongewenst", "ongewenste e-mail", "wiadomości-śmieci", "skräppost",
    "uønsket", "uønsket e-mail", "søppelpost", "roskaposti", "nevyžádaná pošta", "önemsiz", "спам",
)  # fmt: skip


def find_folders(session: ImapSession) -> Folders:
    """Sent and Junk by SPECIAL-USE (RFC 6154), else by their names; empty where there is none."""
    listed = [(set(flags), delimiter, name) for flags, delimiter, name in session.list_folders()]
    # Gmail files what goes through its SMTP, and says who it is (X-GM-EXT-1).
    return Folders(
        _folder(listed, rb"\Sent", _SENT_NAMES),
        _folder(listed, rb"\Junk", _JUNK_NAMES),
        bool(session.has_capability("X-GM-EXT-1")),
    )


def _folder(listed: list[tuple[set[bytes], bytes | None, str]], use: bytes, names: tuple[str, ...]) -> str:
    usable = [entry for entry in listed if rb"\Noselect" not in entry[0] and rb"\NonExistent" not in entry[0]]
    marked = [name for flags, _, name in usable if use in flags]
    if marked:
        return marked[0]
    plain = {_last(name, delimiter).casefold(): name for _, delimiter, name in reversed(usable)}
    return next((plain[name] for name in names if name in plain), "")


def _last(name: str, delimiter: bytes | None) -> str:
    return name.rsplit(delimiter.decode("ascii"), 1)[-1] if delimiter else name
