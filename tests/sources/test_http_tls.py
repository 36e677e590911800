"""The REST source and TLS: always checked."""

import datetime as dt
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import pytest

from modelwatch.domain import Connection
from modelwatch.errors import SourceConfigError
from support.model_api import Api, running_api
from support.model_requests import SECRET, ids, record


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that nobody has signed; `tmp_path / "cert.pem"`."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(key.private_bytes(*form))
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


def test_tls_is_checked(fetch: Any, tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_api(Api(records=[record(1)]), tls) as secure:
        connection = Connection("c", "http", secure.url, password=SECRET)
        with pytest.raises(SourceConfigError, match="TLS certificate is not trusted"):
            fetch(connection, retries=5)
        assert secure.asked == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "cert.pem"))
        assert ids(fetch(connection)) == ["r1"]


def test_a_server_that_speaks_no_tls_is_named(api: Api, fetch: Any) -> None:
    with pytest.raises(SourceConfigError, match="does not speak TLS"):
        fetch(Connection("c", "http", api.url.replace("http://", "https://")))
