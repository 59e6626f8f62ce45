"""How the client reaches a server, and what it shows it."""

import concurrent.futures
import contextlib
import socket
import subprocess

import grpc
import pytest
import ruyi
from fake_server import fail
from ruyi import connection
from ruyi.connection_faults import find_fault
from ruyi.v1 import (
    capabilities_pb2,
    video_event_pb2,
    video_pb2,
    video_service_pb2,
    video_service_pb2_grpc,
)


@pytest.fixture(autouse=True)
def no_variable(monkeypatch):
    monkeypatch.delenv("RUYI_TOKEN", raising=False)


def authorizations(seen):
    return [dict(metadata).get("authorization") for metadata in seen]


def remembering(seen, message):
    def behave(request, context):
        seen.append(context.invocation_metadata())
        return message

    return behave


def test_a_token_of_a_file_goes_with_every_call(server, tmp_path):
    seen = []
    server.script("GetCapabilities", remembering(seen, capabilities_pb2.Capabilities()))
    server.script("GetVideo", remembering(seen, video_pb2.Video()))
    server.script("UploadImage", remembering(seen, video_service_pb2.Image()))
    ended = video_event_pb2.VideoEvent(seq=1, failed=video_event_pb2.VideoFailed())
    server.script("WatchVideo", remembering(seen, [ended]))
    (tmp_path / "token").write_text("ruyi_secret\n")
    own = ruyi.Connection(token_file=tmp_path / "token")
    with ruyi.Client(server.target, connection=own, quiet=True) as client:
        client.capabilities()
        client.get("videos/7")
        client.upload(b"picture")
        list(client.watch("videos/7"))
    assert authorizations(seen) == ["Bearer ruyi_secret"] * 4


def test_the_variable_holds_a_token_too(server, monkeypatch):
    seen = []
    server.script("GetCapabilities", remembering(seen, capabilities_pb2.Capabilities()))
    monkeypatch.setenv("RUYI_TOKEN", "ruyi_secret")
    with ruyi.Client(server.target, quiet=True) as client:
        client.capabilities()
    assert authorizations(seen) == ["Bearer ruyi_secret"]


def test_without_a_token_nothing_is_sent(server):
    seen = []
    server.script("GetCapabilities", remembering(seen, capabilities_pb2.Capabilities()))
    with ruyi.Client(server.target, quiet=True) as client:
        client.capabilities()
    assert authorizations(seen) == [None]


@pytest.mark.parametrize("target", ["192.0.2.1:1", "127.example.com:1", "ruyi.example:1"])
def test_a_token_does_not_travel_unencrypted(target, tmp_path):
    (tmp_path / "token").write_text("ruyi_secret")
    with pytest.raises(ValueError, match="unencrypted") as raised:
        ruyi.Client(target, connection=ruyi.Connection(token_file=tmp_path / "token"))
    assert "ruyi_secret" not in str(raised.value)


@pytest.mark.parametrize("target", ["127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/socket"])
def test_addresses_of_this_machine(target):
    assert connection.is_of_this_machine(target)


@pytest.mark.parametrize("target", ["http://host:50051", "https://host", "dns/host:1", "unix//a"])
def test_a_url_is_no_address(target):
    with pytest.raises(ValueError, match="HOST:PORT, such as 127.0.0.1:50051"):
        ruyi.Client(target)


@pytest.mark.parametrize("target", ["host", "host:", "host:port", ":1", "host:0", "host:65536", ""])
def test_an_address_has_a_port(target):
    with pytest.raises(ValueError, match=f"^{target} is not HOST:PORT, such as 127.0.0.1:50051"):
        ruyi.Client(target)


@pytest.mark.parametrize("target", ["host:1", "[::1]:1", "unix:/socket", "dns:///host:1"])
def test_addresses_of_servers(target):
    ruyi.Client(target).close()


def refused_files(**files):
    with pytest.raises(ValueError) as raised:
        ruyi.Client("localhost:1", connection=ruyi.Connection(**files))
    return str(raised.value)


def test_files_of_tls_are_checked_before_the_connection(pair, tmp_path):
    certificate, key = pair
    _, other = make_pair(tmp_path, "other", "DNS:other")
    nonsense = tmp_path / "no.pem"
    nonsense.write_text("secret")
    assert f"{nonsense} is no list of certificates" in refused_files(tls_ca=nonsense)
    with_certificate = {"tls_ca": certificate, "tls_cert": certificate}
    refused = refused_files(tls_ca=certificate, tls_cert=nonsense, tls_key=key)
    assert f"{nonsense} is no list of certificates" in refused
    refused = refused_files(**with_certificate, tls_key=nonsense)
    assert f"{nonsense} is no private key in PEM" in refused and "secret" not in refused
    refused = refused_files(**with_certificate, tls_key=other)
    assert refused == f"{other} is not the key of the first certificate in {certificate}"


def test_files_that_do_not_go_together():
    with pytest.raises(ValueError, match="tls_key"):
        ruyi.Client("localhost:1", connection=ruyi.Connection(tls_cert="me.pem"))
    with pytest.raises(ValueError, match="tls_ca"):
        ruyi.Client("localhost:1", connection=ruyi.Connection(tls_cert="me.pem", tls_key="me.key"))


@pytest.mark.parametrize("code", ["UNAUTHENTICATED", "PERMISSION_DENIED"])
def test_a_caller_who_is_not_let_in(server, client, code):
    server.script("GetVideo", fail(code, "CREDENTIALS_INVALID"))
    with pytest.raises(ruyi.Unauthorized):
        client.get("videos/7")


class Greeter(video_service_pb2_grpc.VideoServiceServicer):
    """Answers with the name of the caller's certificate."""

    def GetVideo(self, request, context):  # noqa: N802
        return video_pb2.Video(name=context.auth_context()["x509_common_name"][0].decode())


def make_pair(folder, name, host):
    """A certificate that is its own authority, and its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        + ["-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName={host}"]
        + ["-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.fixture
def pair(tmp_path):
    return make_pair(tmp_path, "ana", "IP:127.0.0.1")


@contextlib.contextmanager
def listening(credentials):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=2))
    video_service_pb2_grpc.add_VideoServiceServicer_to_server(Greeter(), server)
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(grace=None).wait()


def credentials_of(pair, client_ca=None):
    certificate, key = (path.read_bytes() for path in pair)
    authority = None if client_ca is None else client_ca.read_bytes()
    return grpc.ssl_server_credentials([(key, certificate)], authority, client_ca is not None)


@pytest.fixture
def tls_target(pair):
    with listening(credentials_of(pair, client_ca=pair[0])) as target:
        yield target


def test_tls_with_a_certificate_of_ones_own(tls_target, pair):
    certificate, key = pair
    own = ruyi.Connection(tls_ca=certificate, tls_cert=certificate, tls_key=key)
    with ruyi.Client(tls_target, connection=own, quiet=True) as client:
        assert client.get("videos/7").name == "ana"


def test_tls_without_the_certificate_that_is_asked_for(tls_target, pair):
    own = ruyi.Connection(tls_ca=pair[0])
    once = ruyi.Retry(attempts=1)
    with ruyi.Client(tls_target, connection=own, retry=once, quiet=True) as client:
        with pytest.raises(ruyi.Unavailable, match="a certificate of this client") as raised:
            client.get("videos/7")
    assert not isinstance(raised.value, ruyi.ConnectionFailed)  # a server that stops does the same


def fault_of(target, **files):
    """What ends the first call, and how often it was tried again."""
    waits = []
    retry = ruyi.Retry(attempts=3, sleep=waits.append)
    own = ruyi.Connection(**files)
    with ruyi.Client(target, connection=own, retry=retry, quiet=True) as client:
        with pytest.raises(ruyi.Unavailable) as raised:
            client.get("videos/7")
    return raised.value, len(waits)


def assert_lasting(fault, words):
    error, retries = fault
    assert isinstance(error, ruyi.ConnectionFailed), error
    assert words in str(error)
    assert retries == 0


def test_a_certificate_that_nobody_trusted(pair, tmp_path):
    other, _ = make_pair(tmp_path, "other", "IP:127.0.0.1")
    with listening(credentials_of(pair)) as target:
        assert_lasting(fault_of(target, tls_ca=other), "signed by none of those in tls_ca")


def test_a_certificate_with_another_name(tmp_path):
    named = make_pair(tmp_path, "named", "DNS:ruyi.example")
    with listening(credentials_of(named)) as target:
        assert_lasting(fault_of(target, tls_ca=named[0]), "is for other names")


def test_a_server_without_tls(pair):
    with listening(None) as target:
        assert_lasting(fault_of(target, tls_ca=pair[0]), "speaks no TLS")


def test_a_server_that_wants_tls(pair):
    with listening(credentials_of(pair)) as target:
        error, retries = fault_of(target)
    assert "it may want TLS (tls_ca)" in str(error)
    assert retries == 2


def test_where_nobody_listens():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        error, retries = fault_of(f"127.0.0.1:{silent.getsockname()[1]}")
    assert str(error).startswith("no connection with the server; is ruyi-server running, and")
    assert retries == 2


NOT_CONNECTED = "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: "


@pytest.mark.parametrize(
    "cause, lasts",
    [
        ("Tls handshake failed: SSL routines:OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE", True),
        ("Tls handshake failed: SSL routines:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA", True),
        ("Cannot check peer: missing selected ALPN property.", True),
        ("Failed parsing HTTP/2 (Expected SETTINGS frame as the first frame)", False),
        ("recvmsg:Connection reset by peer (104)", False),
    ],
)
def test_faults_of_other_servers(cause, lasts):
    assert find_fault(NOT_CONNECTED + cause).lasts is lasts


def test_a_connection_that_broke_later_has_no_fault():
    assert find_fault("Socket closed") is None
    assert find_fault(NOT_CONNECTED + "something new") is None
