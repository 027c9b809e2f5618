"""The webhook's certificate."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from slipway.admission.certificate import RENEWED_AFTER, VALID_FOR, CertificateFiles

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOST = f"{'a' * 63}.{'b' * 63}.svc"


def test_it_is_for_the_name_that_the_api_server_calls_however_long_that_is(tmp_path: Path) -> None:
    files = CertificateFiles(tmp_path, HOST)
    files.renew(NOW)
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST]
    assert certificate.not_valid_before_utc < NOW
    assert certificate.not_valid_after_utc == NOW + VALID_FOR


def test_the_files_are_a_pair_that_a_server_can_load(tmp_path: Path) -> None:
    files = CertificateFiles(tmp_path, HOST)
    files.renew(NOW)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)


def test_it_is_renewed_long_before_it_expires(tmp_path: Path) -> None:
    files = CertificateFiles(tmp_path, HOST)
    files.renew(NOW)
    before = files.certificate.read_bytes()
    files.renew(NOW + RENEWED_AFTER)
    assert files.certificate.read_bytes() != before
    assert timedelta(days=30) < VALID_FOR - RENEWED_AFTER
