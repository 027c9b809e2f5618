"""The webhook's certificate: its own authority, made by the process that serves with it, renewed before it expires."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_FOR = timedelta(days=365)
RENEWED_AFTER = timedelta(days=180)
CLOCK_SKEW = timedelta(hours=1)
"""A node whose clock is late must not think that the certificate is not valid yet."""


class CertificateFiles:
    """The certificate and its private key as two files in `folder`, which is readable by this process alone."""

    def __init__(self, folder: Path, host: str) -> None:
        self.certificate = folder / "tls.crt"
        self.key = folder / "tls.key"
        self._host = host

    def renew(self, now: datetime) -> None:
        """Write a new pair that is valid from `now`."""
        key = ec.generate_private_key(ec.SECP256R1())
        self.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.certificate.write_bytes(_certificate(key, self._host, now).public_bytes(Encoding.PEM))


def _certificate(key: ec.EllipticCurvePrivateKey, host: str, now: datetime) -> x509.Certificate:
    # A common name has 64 characters at the most; the name that counts is the alternative one.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
