"""The configuration files of the mail bed: Dovecot without chroots, Postfix in a folder of its own, all on loopback."""

from dataclasses import dataclass
from pathlib import Path

ROOMY = ("alpha.test", "bravo.test", "carol.test", "delta.test", "echo.test", "foxtrot.test")
DOMAINS = (*ROOMY, "tiny.test")


PASSWORD = "secret-of-the-bed"
# Boxes of this domain are full after a kilobyte.
DOMAIN_FILE = "tiny.test:::::::userdb_quota_rule=*:bytes=1K\n"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the bed listens; `limited` is a submission port that takes two connections at a time."""

    imap: int
    imaps: int
    lmtp: int
    mx: int
    submission: int
    submissions: int
    limited: int
    sink: int
    tokens: int  # where Dovecot asks whether a token is good; a test starts the stand-in there


def dovecot(bed: Path, ports: Ports, connections: int) -> str:
    return f"""
base_dir = {bed}/dv
state_dir = {bed}/dv
instance_name = {bed.name}
hostname = sub.mail.test
log_path = {bed}/log/dovecot.log
info_log_path = {bed}/log/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = dovecot
default_internal_group = dovecot
default_login_user = dovecot
mail_uid = dovecot
mail_gid = dovecot
first_valid_uid = 1
first_valid_gid = 1
shutdown_clients = yes
default_process_limit = 200
default_client_limit = 1000
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {ports.imap}
  }}
  inet_listener imaps {{
    port = {ports.imaps}
    ssl = yes
  }}
}}
service imap-urlauth-login {{
  chroot =
}}
service lmtp {{
  chroot =
  unix_listener lmtp {{
    mode = 0666
  }}
  inet_listener lmtp {{
    port = {ports.lmtp}
  }}
}}
service auth {{
  chroot =
  unix_listener auth-client {{
    mode = 0666
  }}
}}
service auth-worker {{
  user = dovecot
}}
ssl = required
ssl_cert = <{bed}/tls/cert.pem
ssl_key = <{bed}/tls/key.pem
ssl_dh =
disable_plaintext_auth = yes
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
auth_verbose = yes
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {bed}/dovecot/oauth2.conf.ext
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={PASSWORD}
}}
userdb {{
  driver = passwd-file
  args = username_format=%d {bed}/dovecot/domains
  default_fields = uid=dovecot gid=dovecot home={bed}/mail/%d/%n
}}
userdb {{
  driver = static
  args = uid=dovecot gid=dovecot home={bed}/mail/%d/%n allow_all_users=yes
}}
mail_home = {bed}/mail/%d/%n
mail_location = maildir:~/Maildir
mail_fsync = never
maildir_very_dirty_syncs = yes
mail_plugins = $mail_plugins quota
plugin {{
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:storage=1G
  quota_exceeded_message = 5.2.2 Mailbox is full
  sieve_before = {bed}/dovecot/before.sieve
  sieve = file:~/sieve;active=~/.dovecot.sieve
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    special_use = \\Drafts
    auto = subscribe
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = subscribe
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
}}
protocol imap {{
  mail_max_userip_connections = {connections}
  mail_plugins = $mail_plugins imap_quota
}}
protocol lmtp {{
  mail_plugins = $mail_plugins sieve
  postmaster_address = postmaster@mail.test
  hostname = lmtp.mail.test
}}
submission_host = 127.0.0.1:{ports.mx}
"""


def dovecot_tokens(ports: Ports) -> str:
    return f"""
introspection_mode = post
introspection_url = http://bed:bed@127.0.0.1:{ports.tokens}/introspect
force_introspection = yes
username_attribute = email
active_attribute = active
active_value = true
timeout_msecs = 3000
max_parallel_connections = 10
"""


SIEVE = """require ["fileinto", "mailbox", "imap4flags"];
if anyof (header :contains "Subject" "[junk]",
          header :is "X-Spam-Flag" "YES",
          address :domain :is "From" "carol.test") {
  fileinto "Junk"; stop;
}
"""


def postfix_main(bed: Path) -> str:
    return f"""
compatibility_level = 3.6
queue_directory = {bed}/pspool
data_directory = {bed}/pdata
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {bed}/log/postfix.log
maillog_file_prefixes = {bed}
shlib_directory = /usr/lib/postfix
sendmail_path = /usr/sbin/sendmail
newaliases_path = /usr/bin/newaliases
mailq_path = /usr/bin/mailq
myhostname = sub.mail.test
mydomain = mail.test
myorigin = mail.test
mydestination =
mynetworks = 127.0.0.1/32
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
smtp_host_lookup = native
smtp_dns_support_level = disabled
smtp_address_preference = ipv4
disable_dns_lookups = yes
default_transport = error:5.4.4 no such domain in the mail bed
transport_maps = texthash:{bed}/postfix/transport
virtual_mailbox_domains = {", ".join(DOMAINS)}
virtual_mailbox_maps = regexp:{bed}/postfix/virtual_mailbox
virtual_transport = lmtp:unix:{bed}/dv/lmtp
lmtp_destination_concurrency_limit = 20
lmtp_destination_recipient_limit = 50
smtpd_tls_cert_file = {bed}/tls/cert.pem
smtpd_tls_key_file = {bed}/tls/key.pem
smtpd_tls_auth_only = yes
smtpd_tls_loglevel = 0
smtp_tls_security_level = none
smtpd_sasl_type = dovecot
smtpd_sasl_path = {bed}/dv/auth-client
smtpd_sasl_auth_enable = no
smtpd_sasl_security_options = noanonymous
smtpd_sender_login_maps = regexp:{bed}/postfix/login_maps
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access texthash:{bed}/postfix/recipient_access
smtpd_client_connection_rate_limit = 0
smtpd_delay_reject = yes
smtpd_error_sleep_time = 0
smtpd_peername_lookup = no
in_flow_delay = 0
message_size_limit = 2000000
bounce_queue_lifetime = 20s
maximal_queue_lifetime = 20s
minimal_backoff_time = 2s
maximal_backoff_time = 5s
queue_run_delay = 2s
delay_warning_time = 0
default_process_limit = 60
service_throttle_time = 1s
biff = no
append_dot_mydomain = no
enable_long_queue_ids = yes
smtputf8_enable = no
"""


_SUBMISSION = """  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o smtpd_sender_restrictions=reject_sender_login_mismatch
  -o smtpd_reject_unlisted_recipient=no
  -o syslog_name=postfix/submission
"""


def postfix_master(ports: Ports) -> str:
    return f"""
127.0.0.1:{ports.mx} inet n - n - - smtpd
  -o syslog_name=postfix/mx
127.0.0.1:{ports.submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
{_SUBMISSION}127.0.0.1:{ports.submissions} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
{_SUBMISSION}127.0.0.1:{ports.limited} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_client_connection_count_limit=2
  -o smtpd_client_event_limit_exceptions=
{_SUBMISSION}cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
"""


def postfix_tables(ports: Ports) -> dict[str, str]:
    return {
        "transport": f"ext.test smtp:[127.0.0.1]:{ports.sink}\n"
        "gone.test error:5.1.1 user unknown here\n"
        "slow.test retry:4.2.1 mailbox busy, try later\n"
        "hole.test discard:\n",
        "recipient_access": "tempfail@bravo.test 450 4.2.1 mailbox temporarily unavailable\n"
        "blocked@bravo.test 550 5.7.1 message refused by policy\n"
        "full@bravo.test 552 5.2.2 mailbox is full\n"
        "nearlyfull@bravo.test 452 4.2.2 over quota, try later\n"
        "nobody@bravo.test 550 5.1.1 user unknown\n",
        "virtual_mailbox": "/./ x\n",
        "login_maps": "/^(.+)$/ ${1}\n",
    }
