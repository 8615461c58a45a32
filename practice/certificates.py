"""The stand-ins' certificate for "localhost", from an authority of their own; made once for a folder and kept."""

from pathlib import Path

import trustme

HOST = "localhost"


def make_certificates(data: Path) -> tuple[Path, Path]:
    """The authority's file and the servers' own; made once."""
    authority_file, certificate_file = data / "mail-ca.pem", data / "mail-server.pem"
    if not (authority_file.exists() and certificate_file.exists()):
        authority = trustme.CA()
        authority.cert_pem.write_to_path(authority_file)
        certificate_file.touch(mode=0o600)
        authority.issue_cert(HOST, "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate_file)
    return authority_file, certificate_file
