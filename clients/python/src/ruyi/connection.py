"""How a server is reached: in plaintext or by TLS, and with which credentials."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import pathlib
import ssl
from typing import Any, Optional, Sequence, Union

import grpc

_MAX_PORT = 65535
_SCHEMES_OF_GRPC = ("unix:", "unix-abstract:", "dns:", "ipv4:", "ipv6:", "xds:")
_WEAK = ("EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL", "CA_MD_TOO_WEAK")

Path = Union[str, "os.PathLike[str]"]


@dataclasses.dataclass(frozen=True)
class Connection:
    """Paths of PEM files, and the token of this caller.

    `tls_ca` says who may have signed the server's certificate; TLS is spoken where it is given.
    `tls_cert` and `tls_key` are this caller's own, for a server that asks for them. The token is
    the text of `token_file`, or what the variable RUYI_TOKEN holds.
    """

    tls_ca: Optional[Path] = None
    tls_cert: Optional[Path] = None
    tls_key: Optional[Path] = None
    token_file: Optional[Path] = None
    credentials: Optional[grpc.ChannelCredentials] = None  # gRPC's own, in place of the files

    def open(self, target: str, options: Sequence[tuple[str, Any]]) -> grpc.Channel:
        """A channel to the server.

        ValueError: `target` is no address, files are not what they should be or do not go together,
        or the token would travel unencrypted to another machine.
        """
        _check_target(target)
        credentials = self.credentials or self._tls()
        token = self._token()
        if credentials is None and token and not is_of_this_machine(target):
            raise ValueError(f"the token would travel unencrypted to {target}; give tls_ca")
        if credentials is None:
            channel = grpc.insecure_channel(target, options=options)
        else:
            channel = grpc.secure_channel(target, credentials, options=options)
        return grpc.intercept_channel(channel, _TokenAdder(token)) if token else channel

    def _tls(self) -> Optional[grpc.ChannelCredentials]:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key: one is of no use without the other")
        if self.tls_ca is None:
            if self.tls_cert is not None:
                raise ValueError("tls_cert is shown over TLS only; give tls_ca too")
            return None
        _check_certificates(self.tls_ca)
        if self.tls_cert is not None and self.tls_key is not None:
            _check_pair(self.tls_cert, self.tls_key)
        return grpc.ssl_channel_credentials(
            _bytes_of(self.tls_ca), _bytes_of(self.tls_key), _bytes_of(self.tls_cert)
        )

    def _token(self) -> str:
        if self.token_file is None:
            return os.environ.get("RUYI_TOKEN", "").strip()
        token = pathlib.Path(self.token_file).read_text(encoding="ascii").strip()
        if not token:
            raise ValueError(f"{self.token_file} is empty; it should hold a token")
        return token


def is_of_this_machine(target: str) -> bool:
    """Whether only this machine has the address HOST:PORT. Other names may lead anywhere."""
    host = target.rpartition(":")[0].strip("[]")
    if host == "localhost" or target.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_target(target: str) -> None:
    host, _, port = target.rpartition(":")
    if host and "/" not in target and port.isdecimal() and 0 < int(port) <= _MAX_PORT:
        return
    if target.startswith(_SCHEMES_OF_GRPC):
        return
    wrong = "is a URL; use" if "://" in target else "is not"
    raise ValueError(f"{target} {wrong} HOST:PORT, such as 127.0.0.1:50051")


def _check_certificates(path: Path) -> None:
    """GRPC would take anything, and fail every call with words that name no file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=pathlib.Path(path).read_text(encoding="utf-8"))
    except (ssl.SSLError, ValueError):
        raise ValueError(
            f"{path} is no list of certificates in PEM (-----BEGIN CERTIFICATE-----)"
        ) from None


def _check_pair(certificate: Path, key: Path) -> None:
    _check_certificates(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            what = f"is not the key of the first certificate in {certificate}"
        elif error.reason in _WEAK:  # that is for gRPC to judge
            return
        else:
            what = "is no private key in PEM without a passphrase"
        raise ValueError(f"{key} {what}") from None


def _bytes_of(path: Optional[Path]) -> Optional[bytes]:
    return None if path is None else pathlib.Path(path).read_bytes()


class _TokenAdder(
    grpc.UnaryUnaryClientInterceptor,  # type: ignore[misc]
    grpc.UnaryStreamClientInterceptor,  # type: ignore[misc]
    grpc.StreamUnaryClientInterceptor,  # type: ignore[misc]
):
    """Gives every call the token."""

    def __init__(self, token: str) -> None:
        self._metadata = ("authorization", f"Bearer {token}")

    def _call(self, proceed: Any, details: Any, request: Any) -> Any:
        metadata = [*(details.metadata or ()), self._metadata]
        return proceed(details._replace(metadata=metadata), request)

    intercept_unary_unary = intercept_unary_stream = intercept_stream_unary = _call
