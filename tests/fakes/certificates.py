"""Certificates for loopback, made by `openssl` for a server and its clients."""

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

NO_OPENSSL = "openssl is missing: certificates are made by it"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
LOOPBACK = "IP:127.0.0.1"
_CA_SETTINGS = """
[ca]
default_ca = own
[own]
database = {book}
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
"""
_EXTENSIONS = "subjectAltName={whose}\nauthorityKeyIdentifier=keyid\n"


def openssl_is_there() -> bool:
    return shutil.which("openssl") is not None


@dataclass(frozen=True)
class Authority:
    """A private authority; `ca_file` is what a client trusts."""

    folder: Path

    @property
    def ca_file(self) -> str:
        return str(self.folder / "ca.pem")

    def issue(self, name: str, days: int = 30, subject: str = LOOPBACK) -> tuple[str, str]:
        """Make a certificate and its key, valid from now on; return their paths."""
        key, request_file, certificate_file = (
            str(self.folder / f"{name}.{kind}") for kind in ("key", "csr", "pem")
        )
        extensions = self.folder / "extensions"
        extensions.write_text(_EXTENSIONS.format(whose=subject))
        _openssl("req", "-new", *_KEY, "-keyout", key, "-out", request_file, "-subj", f"/CN={name}")
        _openssl(
            *("x509", "-req", "-in", request_file, "-out", certificate_file, "-days", str(days)),
            *("-CA", self.ca_file, "-CAkey", str(self.folder / "ca.key"), "-CAcreateserial"),
            *("-extfile", str(extensions)),
        )
        return certificate_file, key

    def issue_for(self, name: str, begins: datetime, ends: datetime) -> tuple[str, str]:
        """Make a certificate of loopback for a time that may be over or not begun."""
        certificate_file, key = self.issue(name)
        request_file = str(self.folder / f"{name}.csr")
        book = self.folder / "book"
        book.write_text("")
        settings = self.folder / "ca.cnf"
        settings.write_text(_CA_SETTINGS.format(folder=self.folder, book=book))
        _openssl(
            *("ca", "-batch", "-notext", "-config", str(settings)),
            *("-in", request_file, "-out", certificate_file),
            *("-startdate", f"{begins:%Y%m%d%H%M%SZ}", "-enddate", f"{ends:%Y%m%d%H%M%SZ}"),
            *("-extfile", str(self.folder / "extensions")),
        )
        return certificate_file, key

    def server(
        self, days: int = 30, *, wants_client: bool = False, subject: str = LOOPBACK
    ) -> ssl.SSLContext:
        """Make what a server on loopback speaks TLS with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue("server", days, subject))
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca_file)
        return context


def authority(folder: Path) -> Authority:
    """Make a new authority."""
    new_authority = Authority(folder)
    key = str(folder / "ca.key")
    _openssl(
        *("req", "-x509", *_KEY, "-keyout", key, "-out", new_authority.ca_file, "-days", "365"),
        *("-subj", "/CN=authority of a test"),
        # Python 3.13 trusts no authority that does not say what its key is for.
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    return new_authority


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)
