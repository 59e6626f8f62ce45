"""How the client reaches a server, and what it shows it."""

import pytest
import ruyi
from fake_server import fail
from ruyi import connection
from ruyi.v1 import capabilities_pb2, video_event_pb2, video_pb2, video_service_pb2


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
