"""A server with TLS, and certificates that change while it runs."""

import contextlib
import subprocess

import grpc
import pytest

from caller import TlsCaller
from certificates import Authority
from programs import DEADLINE_S, clean_environment


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path, "authority")


@pytest.fixture
def new_caller(stubs, photo):
    with contextlib.ExitStack() as exits:
        yield lambda address, *files: exits.enter_context(contextlib.closing(TlsCaller(address, stubs, photo, files)))


def test_a_client_with_a_certificate_makes_a_video(request, site, authority, tmp_path, new_caller):
    certificate, key = authority.sign("server", "DNS:localhost,IP:127.0.0.1")
    server, _ = site.start(tls_cert=certificate, tls_key=key, tls_client_ca=authority.certificate)
    own_certificate, own_key = authority.sign("ana", "URI:spiffe://cluster/film")
    caller = new_caller(server.address(), authority.certificate, own_key, own_certificate)
    name = caller.make().name
    got = subprocess.run(
        [request.config.getoption("--bin") / "ruyi-client", "--server", server.address(), "--tls-ca",
         authority.certificate, "--tls-cert", own_certificate, "--tls-key", own_key, "get", name],
        check=True, capture_output=True, text=True, env=clean_environment())
    assert name in got.stdout
    accepted = server.await_log("job_accepted", job=name.removeprefix("videos/"))
    assert (accepted["tenant"], accepted["principal"]) == ("spiffe://cluster/film", "spiffe://cluster/film")


def test_nobody_else_is_let_in(site, authority, new_caller, tmp_path):
    certificate, key = authority.sign("server", "DNS:localhost,IP:127.0.0.1")
    server, plain = site.start(tls_cert=certificate, tls_key=key, tls_client_ca=authority.certificate)
    stranger_certificate, stranger_key = Authority(tmp_path, "stranger").sign("eve", "DNS:eve")
    for caller in (plain, new_caller(server.address(), authority.certificate),
                   new_caller(server.address(), authority.certificate, stranger_key, stranger_certificate)):
        with pytest.raises(grpc.RpcError) as error:
            caller.get("videos/x")
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE


def test_a_new_certificate_is_taken_and_a_wrong_one_is_not(site, authority, new_caller, tmp_path):
    certificate, key = authority.sign("server", "DNS:localhost,IP:127.0.0.1")
    server, _ = site.start(tls_cert=certificate, tls_key=key)
    other_certificate, other_key = Authority(tmp_path, "other").sign("renewed", "DNS:localhost,IP:127.0.0.1")
    other_certificate.replace(certificate)
    server.await_log("credentials_kept", kind="tls")  # the pair does not match
    assert_known(new_caller(server.address(), authority.certificate))
    other_key.replace(key)
    server.await_log("credentials_read", kind="tls")
    renewed = new_caller(server.address(), tmp_path / "other.pem")
    renewed.service.ListVideos(renewed.messages.ListVideosRequest(), timeout=DEADLINE_S, wait_for_ready=True)


def assert_known(caller):
    caller.assert_refused(grpc.StatusCode.NOT_FOUND, "NOT_FOUND", lambda: caller.get("videos/x"))


def test_it_is_not_opened_to_others_by_mistake(request):
    run = subprocess.run([request.config.getoption("--bin") / "ruyi-server", "--model", "none", "--listen", "0.0.0.0:0"],
                         capture_output=True, text=True, env=clean_environment(), timeout=DEADLINE_S)
    assert run.returncode == 2
    assert "--insecure" in run.stderr and "--tls-cert" in run.stderr
