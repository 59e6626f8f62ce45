"""Callers who have to say who they are: what every wrong credential is answered, and what is whose."""

import base64
import contextlib
import json
import subprocess
import time

import grpc
import pytest

from caller import Caller

CODE = grpc.StatusCode


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """An identity provider: an RSA key of openssl, its JSON Web Key Set, and the tokens that it signs."""

    def __init__(self, folder):
        self.key = folder / "key.pem"
        self.jwks = folder / "jwks.json"
        subprocess.run(["openssl", "genrsa", "-out", self.key, "2048"], check=True, capture_output=True)
        modulus = self._openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip().partition("=")[2]
        key = {"kty": "RSA", "kid": "1", "n": encoded(bytes.fromhex(modulus)), "e": "AQAB"}
        self.jwks.write_text(json.dumps({"keys": [key]}), encoding="utf-8")

    @staticmethod
    def _openssl(*arguments, data=None):
        return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout

    def token(self, **changes):
        claims = {"iss": "issuer", "aud": "ruyi", "sub": "ana", "tenant": "film", "exp": int(time.time()) + 600, **changes}
        parts = [{"alg": "RS256", "kid": "1"}, {name: value for name, value in claims.items() if value is not None}]
        text = ".".join(encoded(json.dumps(part).encode()) for part in parts)
        return text + "." + encoded(self._openssl("dgst", "-sha256", "-sign", self.key, data=text.encode()))


class TokenCaller(Caller):
    """Sends `token` with every call."""

    def __init__(self, address, stubs, photo, token):
        super().__init__(address, stubs, photo)
        self.service = stubs.video_service_pb2_grpc.VideoServiceStub(
            grpc.intercept_channel(self.channel, _Adder([("authorization", f"Bearer {token}")])))


class _Adder(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor, grpc.StreamUnaryClientInterceptor):
    def __init__(self, metadata):
        self._metadata = metadata

    def _add(self, proceed, details, request):
        return proceed(details._replace(metadata=[*(details.metadata or []), *self._metadata]), request)

    intercept_unary_unary = intercept_unary_stream = intercept_stream_unary = _add


class Guarded:
    """A server with tokens and JWTs, and the callers that it may have."""

    def __init__(self, binary, folder, site, new_caller):
        self._binary = binary
        self._tokens = folder / "tokens.json"
        self._new_caller = new_caller
        self.issuer = Issuer(folder)
        self.token = self.new_token("film")
        self.server, self.nobody = site.start(tokens=self._tokens, jwt_jwks=self.issuer.jwks, jwt_audience="ruyi",
                                              jwt_issuer="issuer")

    def new_token(self, tenant, *flags):
        made = subprocess.run([self._binary, "token", "new", "--tokens", self._tokens, "--tenant", tenant, *flags],
                              check=True, capture_output=True, text=True)
        return made.stdout.strip()

    def revoke(self, token):
        subprocess.run([self._binary, "token", "revoke", "--tokens", self._tokens, token.split("_")[1]], check=True)

    def await_tokens(self):
        """Until the server has read the file again."""
        self.server.await_log("credentials_read", kind="tokens")

    def caller(self, token):
        return self._new_caller(self.server.address(), token)


@pytest.fixture
def guarded(request, tmp_path, site, stubs, photo):
    with contextlib.ExitStack() as exits:
        def new_caller(address, token):
            return exits.enter_context(contextlib.closing(TokenCaller(address, stubs, photo, token)))

        yield Guarded(request.config.getoption("--bin") / "ruyi-server", tmp_path, site, new_caller)


def assert_refused(caller, code, reason):
    return caller.assert_refused(code, reason, lambda: caller.get("videos/x"))


def test_every_wrong_credential_is_named(guarded):
    expired = guarded.new_token("film", "--days", "0.000001")  # the file has whole seconds
    guarded.await_tokens()
    now = int(time.time())
    assert_refused(guarded.nobody, CODE.UNAUTHENTICATED, "CREDENTIALS_MISSING")
    for token, reason, code in (
            ("wrong", "CREDENTIALS_INVALID", CODE.UNAUTHENTICATED),
            (expired, "CREDENTIALS_EXPIRED", CODE.UNAUTHENTICATED),
            (guarded.issuer.token(exp=now - 61), "CREDENTIALS_EXPIRED", CODE.UNAUTHENTICATED),
            (guarded.issuer.token(aud="other"), "CREDENTIALS_INVALID", CODE.UNAUTHENTICATED),
            (guarded.issuer.token(tenant=None), "NO_TENANT", CODE.PERMISSION_DENIED),
            (guarded.issuer.token(role="root"), "UNKNOWN_ROLE", CODE.PERMISSION_DENIED),
            (guarded.token, "NOT_FOUND", CODE.NOT_FOUND),
            (guarded.issuer.token(), "NOT_FOUND", CODE.NOT_FOUND)):
        assert_refused(guarded.caller(token), code, reason)


def test_tokens_are_not_tried_without_end(guarded):
    caller = guarded.caller("wrong")
    while True:
        with pytest.raises(grpc.RpcError) as error:
            caller.get("videos/x")
        refusal = caller.refusal_from(error.value)
        if refusal.reason != "CREDENTIALS_INVALID":
            break
    assert (error.value.code(), refusal.reason) == (CODE.RESOURCE_EXHAUSTED, "TOO_MANY_ATTEMPTS")
    assert 0 < refusal.retry_delay_s() <= 6


def assert_over_quota(caller, quota, call):
    refusal = caller.assert_refused(CODE.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED", call)
    assert (refusal.metadata["quota"], refusal.metadata["limit"]) == (quota, "1")
    return refusal


def test_a_tenant_is_held_to_its_quotas(tmp_path, site):
    quotas = tmp_path / "quotas.json"
    quotas.write_text(json.dumps({"default": {"waiting": 1, "upload_bytes_a_day": 1}}), encoding="utf-8")
    server, caller = site.start(quotas=quotas)
    never = assert_over_quota(caller, "upload_bytes_a_day", lambda: caller.upload(caller.photo))
    assert "RetryInfo" not in never.details
    with caller.busy_worker():
        caller.create()
        assert assert_over_quota(caller, "waiting", caller.create).retry_delay_s() > 0
        quotas.write_text("{}", encoding="utf-8")
        server.await_log("credentials_read", kind="quotas")
        caller.create()


def test_a_video_is_there_for_its_tenant_alone(guarded):
    other = guarded.new_token("press")
    guarded.await_tokens()
    owner, stranger = guarded.caller(guarded.token), guarded.caller(other)
    name = owner.make().name
    for call in (stranger.get, stranger.cancel, stranger.delete, stranger.download, lambda video: list(stranger.watch(video))):
        stranger.assert_refused(CODE.NOT_FOUND, "NOT_FOUND", lambda: call(name))
    assert [video.name for video in owner.list().videos] == [name]
    assert not stranger.list().videos


def test_a_revoked_token_is_refused(guarded):
    assert_refused(guarded.caller(guarded.token), CODE.NOT_FOUND, "NOT_FOUND")
    guarded.revoke(guarded.token)
    guarded.await_tokens()
    assert_refused(guarded.caller(guarded.token), CODE.UNAUTHENTICATED, "CREDENTIALS_INVALID")
