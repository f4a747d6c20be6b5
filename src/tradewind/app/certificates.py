"""An authority of the home's own, for certificates that processes show each other over gRPC."""

import ipaddress
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from tradewind.kernel import clock

AUTHORITY_DAYS: Final = 3650
ISSUED_DAYS: Final = 90
NAME: Final = r"[a-z0-9][a-z0-9-]{0,62}"


class Made(Struct, frozen=True, kw_only=True):
    """Where a certificate, its key and its authority's certificate are."""

    certificate: str
    key: str
    authority: str
    expires: str


class AuthorityError(RuntimeError):
    """It cannot be made or used. The message says why."""


def init_authority(folder: Path) -> Made:
    """Make an authority in `folder`. Raises AuthorityError where there is one."""
    if (folder / "ca.pem").exists():
        raise AuthorityError(f"There is an authority in {folder}; what it issued would be refused by another one.")
    key = ec.generate_private_key(ec.SECP256R1())
    name = _named("Tradewind authority")
    builder = _begun(name, name, key, timedelta(days=AUTHORITY_DAYS))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    usage = _usage(signs_certificates=True)
    return _written(folder, "ca", builder.add_extension(usage, critical=True).sign(key, hashes.SHA256()), key)


def issue_certificate(folder: Path, name: str, hosts: list[str], good_for: timedelta) -> Made:
    """Issue a certificate, signed by the authority in `folder`. Raises AuthorityError where there is none.

    NAME-key is no name: its certificate would be written over the key of NAME, or of the authority itself.
    """
    if not re.fullmatch(NAME, name) or name == "ca" or name.endswith("-key"):
        raise AuthorityError(
            f"{name!r} is no name for a process: use small letters, digits and hyphens, and no -key at its end."
        )
    try:
        authority = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
        signer = serialization.load_pem_private_key((folder / "ca-key.pem").read_bytes(), password=None)
    except (OSError, ValueError) as reason:
        raise AuthorityError(f"There is no authority in {folder}: run `tradewind ca init` first. ({reason})") from None
    assert isinstance(signer, ec.EllipticCurvePrivateKey), "we made it"
    key = ec.generate_private_key(ec.SECP256R1())
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = (
        _begun(_named(name), authority.subject, key, good_for)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(both, critical=False)
        .add_extension(x509.SubjectAlternativeName(_hosts(name, hosts)), critical=False)
    )
    return _written(folder, name, builder.sign(signer, hashes.SHA256()), key)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, good_for: timedelta
) -> x509.CertificateBuilder:
    now = clock.now()
    early = timedelta(minutes=5)  # clocks differ
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - early)
        .not_valid_after(now + good_for)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _hosts(name: str, hosts: list[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for host in dict.fromkeys([name, "localhost", "127.0.0.1", "::1", *hosts]):
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            found.append(x509.DNSName(host))
    return found


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _written(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Made:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made = Made(
        certificate=str(folder / f"{name}.pem"),
        key=str(folder / f"{name}-key.pem"),
        authority=str(folder / "ca.pem"),
        expires=certificate.not_valid_after_utc.isoformat(),
    )
    _put(Path(made.key), private, mode=0o600)
    _put(Path(made.certificate), certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
    return made


def _put(path: Path, content: bytes, *, mode: int) -> None:
    """Whole or not at all, and never readable by more than `mode` says."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    new.rename(path)
