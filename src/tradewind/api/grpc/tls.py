"""Who may connect: TLS 1.3 with certificates on both sides, or none at all on a loopback address."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

MAX_FILE_BYTES: Final = 1024 * 1024


class CertificateError(RuntimeError):
    """A certificate or key cannot be used. The message says which and why."""


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """Ours with its key, and whose certificates of others are taken; each as PEM."""

    own: bytes
    key: bytes
    authority: bytes

    @classmethod
    def read(cls, own: Path, key: Path, authority: Path) -> Self:
        """Raises CertificateError for what cannot be read, and for keys that are not of an elliptic curve."""
        found = cls(own=_bytes(own), key=_bytes(key), authority=_bytes(authority))
        try:
            certificate = x509.load_pem_x509_certificate(found.own)
        except ValueError as reason:
            raise CertificateError(f"{own} is no certificate in PEM ({reason})") from None
        if not isinstance(certificate.public_key(), EllipticCurvePublicKey):
            raise CertificateError(f"{own} has no key of an elliptic curve, so TLS 1.3 could not be insisted on")
        return found

    def of_server(self) -> grpc.ServerCredentials:
        """Nobody is answered without a certificate of the authority."""
        pairs = [(self.key, self.own)]
        return grpc.ssl_server_credentials(pairs, root_certificates=self.authority, require_client_auth=True)

    def of_client(self) -> grpc.ChannelCredentials:
        """Nobody is asked without one either."""
        return grpc.ssl_channel_credentials(self.authority, self.key, self.own)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES)
    except OSError as failure:
        raise CertificateError(f"{path} cannot be read ({failure.strerror})") from None
