"""The mail hosts that business addresses live on, by domain and by MX; from the providers' help pages, November 2026."""

from dataclasses import dataclass

from engine.channels.effects import Server
from storage.kinds import Security


@dataclass(frozen=True, slots=True)
class Host:
    """A provider's servers; `hint`: what to know before the password; `refused`: why a password can't work."""

    name: str
    imap: Server
    smtp: Server
    domains: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()  # ends of the MX names of domains hosted there
    hint: str = ""
    refused: str = ""


def _app_password(where: str) -> str:
    return f"It wants an app password, not the normal one: {where}."


def _ssl(host: str, port: int = 993) -> Server:
    return Server(host, port, Security.SSL)


def _starttls(host: str) -> Server:
    return Server(host, 587, Security.STARTTLS)


_MICROSOFT = (
    "Microsoft switched password sign-in off for IMAP, so this address can't be connected with a password."
    " It needs the Microsoft 365 sign-in."
)

HOSTS: tuple[Host, ...] = (
    Host(
        "Google",
        _ssl("imap.gmail.com"),
        _starttls("smtp.gmail.com"),
        ("gmail.com", "googlemail.com"),
        (".google.com", ".googlemail.com"),
        _app_password(
            "Google account › Security › 2-Step Verification › App passwords (IMAP must be on in Gmail's settings)"
        ),
    ),
    Host(
        "Microsoft 365",
        _ssl("outlook.office365.com"),
        _starttls("smtp.office365.com"),
        (),
        (".mail.protection.outlook.com", ".mx.microsoft"),
        refused=_MICROSOFT,
    ),
    Host(
        "Outlook.com",
        _ssl("outlook.office365.com"),
        _starttls("smtp-mail.outlook.com"),
        ("outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "outlook.fr", "outlook.es", "hotmail.co.uk"),
        (".olc.protection.outlook.com",),
        refused=_MICROSOFT,
    ),
    Host(
        "Yahoo",
        _ssl("imap.mail.yahoo.com"),
        _ssl("smtp.mail.yahoo.com", 465),
        ("yahoo.com", "ymail.com", "rocketmail.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr", "yahoo.es", "yahoo.it"),
        (".yahoodns.net",),
        _app_password("Yahoo account › Security › Generate app password"),
    ),
    Host(
        "AOL",
        _ssl("imap.aol.com"),
        _ssl("smtp.aol.com", 465),
        ("aol.com", "aim.com"),
        hint=_app_password("AOL account › Security › Generate app password"),
    ),
    Host(
        "iCloud",
        _ssl("imap.mail.me.com"),
        _starttls("smtp.mail.me.com"),
        ("icloud.com", "me.com", "mac.com"),
        (".mail.icloud.com",),
        _app_password("account.apple.com › Sign-In and Security › App-Specific Passwords"),
    ),
    Host(
        "Fastmail",
        _ssl("imap.fastmail.com"),
        _ssl("smtp.fastmail.com", 465),
        ("fastmail.com", "fastmail.fm", "fastmail.net"),
        (".messagingengine.com",),
        _app_password("Fastmail › Settings › Privacy & Security › App passwords"),
    ),
    Host(
        "Zoho",
        _ssl("imap.zoho.com"),
        _ssl("smtp.zoho.com", 465),
        ("zoho.com", "zohomail.com"),
        (".zoho.com",),
        "IMAP must be switched on in Zoho Mail's settings; with two-factor sign-in it wants an app password.",
    ),
    Host(
        "Zoho (EU)",
        _ssl("imappro.zoho.eu"),
        _ssl("smtppro.zoho.eu", 465),
        ("zoho.eu", "zohomail.eu"),
        (".zoho.eu",),
        "IMAP must be switched on in Zoho Mail's settings; with two-factor sign-in it wants an app password.",
    ),
    Host("IONOS", _ssl("imap.ionos.com"), _starttls("smtp.ionos.com"), (), (".ionos.com", ".1and1.com")),
    Host(
        "IONOS (DE)", _ssl("imap.ionos.de"), _starttls("smtp.ionos.de"), (), (".ionos.de", ".kundenserver.de", ".1and1.de")
    ),
    Host("IONOS (ES)", _ssl("imap.ionos.es"), _starttls("smtp.ionos.es"), (), (".ionos.es",)),
    Host("IONOS (FR)", _ssl("imap.ionos.fr"), _starttls("smtp.ionos.fr"), (), (".ionos.fr",)),
    Host("IONOS (UK)", _ssl("imap.ionos.co.uk"), _starttls("smtp.ionos.co.uk"), (), (".ionos.co.uk", ".1and1.co.uk")),
    Host("OVH", _ssl("ssl0.ovh.net"), _ssl("ssl0.ovh.net", 465), (), (".mail.ovh.net", ".ovh.net")),
    Host(
        "GMX",
        _ssl("imap.gmx.net"),
        _starttls("mail.gmx.net"),
        ("gmx.de", "gmx.net", "gmx.at", "gmx.ch"),
        (".gmx.net",),
        "IMAP must be switched on in GMX's settings (E-Mail › POP3/IMAP-Abruf).",
    ),
    Host(
        "GMX (international)",
        _ssl("imap.gmx.com"),
        _starttls("mail.gmx.com"),
        ("gmx.com", "gmx.us", "gmx.co.uk"),
        hint="IMAP must be switched on in GMX's settings (POP3 & IMAP).",
    ),
    Host(
        "WEB.DE",
        _ssl("imap.web.de"),
        _starttls("smtp.web.de"),
        ("web.de",),
        (".web.de",),
        "IMAP must be switched on in WEB.DE's settings (POP3/IMAP-Abruf).",
    ),
    Host(
        "T-Online",
        _ssl("secureimap.t-online.de"),
        _ssl("securesmtp.t-online.de", 465),
        ("t-online.de", "magenta.de"),
        hint="It wants the separate e-mail password from the customer centre.",
    ),
    Host(
        "mailbox.org",
        _ssl("imap.mailbox.org"),
        _ssl("smtp.mailbox.org", 465),
        ("mailbox.org",),
        (".mailbox.org",),
        "With two-factor sign-in it wants an app password.",
    ),
    Host("Posteo", _ssl("posteo.de"), _ssl("posteo.de", 465), ("posteo.de", "posteo.net"), (".posteo.de",)),
    Host("STRATO", _ssl("imap.strato.de"), _ssl("smtp.strato.de", 465), (), (".rzone.de", ".strato.de")),
    Host("Hetzner", _ssl("mail.your-server.de"), _starttls("mail.your-server.de"), (), (".your-server.de",)),
    Host(
        "Infomaniak",
        _ssl("mail.infomaniak.com"),
        _ssl("mail.infomaniak.com", 465),
        ("ik.me", "ikmail.com", "etik.com"),
        (".infomaniak.ch", ".infomaniak.com"),
        "With two-factor sign-in it wants a device password.",
    ),
    Host("Gandi", _ssl("mail.gandi.net"), _ssl("mail.gandi.net", 465), (), (".mail.gandi.net",)),
    Host(
        "Namecheap Private Email",
        _ssl("mail.privateemail.com"),
        _ssl("mail.privateemail.com", 465),
        (),
        (".privateemail.com",),
    ),
    Host("GoDaddy", _ssl("imap.secureserver.net"), _ssl("smtpout.secureserver.net", 465), (), (".secureserver.net",)),
    Host("Rackspace", _ssl("secure.emailsrvr.com"), _ssl("secure.emailsrvr.com", 465), (), (".emailsrvr.com",)),
    Host("Migadu", _ssl("imap.migadu.com"), _ssl("smtp.migadu.com", 465), (), (".migadu.com",)),
    Host("Titan", _ssl("imap.titan.email"), _ssl("smtp.titan.email", 465), (), (".titan.email",)),
    Host("Orange", _ssl("imap.orange.fr"), _ssl("smtp.orange.fr", 465), ("orange.fr", "wanadoo.fr")),
    Host("Libero", _ssl("imapmail.libero.it"), _ssl("smtp.libero.it", 465), ("libero.it",)),
    Host("Aruba", _ssl("imaps.aruba.it"), _ssl("smtps.aruba.it", 465), ("aruba.it",), (".aruba.it",)),
)


def host_of_domain(domain: str) -> Host | None:
    return next((host for host in HOSTS if domain in host.domains), None)


def host_of_mx(mx: str) -> Host | None:
    """Which provider an MX name belongs to, the longest known end first."""
    name = "." + mx.lower().rstrip(".")
    fitting = [(len(end), host) for host in HOSTS for end in host.mx if name.endswith(end)]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def host_of_server(server: str) -> Host | None:
    """Which provider an IMAP or SMTP host name belongs to."""
    wanted = server.lower().rstrip(".")
    return next((host for host in HOSTS if wanted in (host.imap.host, host.smtp.host)), None)
