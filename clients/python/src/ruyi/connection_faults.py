"""Why no connection with a server comes about, in plain words."""

from __future__ import annotations

from typing import NamedTuple, Optional


class ConnectionFault(NamedTuple):
    """What is the case and what mends it.

    One that lasts is not mended by waiting.
    """

    text: str
    lasts: bool


_UNTRUSTED = ConnectionFault(
    "the server's certificate is signed by none of those in tls_ca, or is not valid at this time; "
    "give the certificate of the authority that signed it as tls_ca, and look at the clocks of "
    "both machines",
    lasts=True,
)
_OTHER_NAME = ConnectionFault(
    "the server's certificate is for other names; call the server by a name in it", lasts=True
)
_NO_TLS = ConnectionFault(
    "what listens there speaks no TLS; leave out tls_ca where it is not meant to, or name the port "
    "that has TLS",
    lasts=True,
)
_NO_HTTP2 = ConnectionFault(
    "what listens there speaks TLS, but no HTTP/2; name the port of ruyi-server, or of a proxy "
    "that carries HTTP/2",
    lasts=True,
)
_NOT_LET_IN = ConnectionFault(
    "the server does not take this client's certificate, or wants one; give tls_cert and tls_key a "
    "pair whose certificate the server's --tls-client-ca has signed",
    lasts=True,
)
_NO_GRPC = ConnectionFault(
    "what listens there does not speak gRPC; name the port of ruyi-server's API", lasts=False
)
_CLOSED = ConnectionFault(  # as a server that stops does too
    "the server closes each connection before it answers; it may want TLS (tls_ca), or a certificate "
    "of this client that it trusts and that has not expired (tls_cert, tls_key)",
    lasts=False,
)
_REFUSED = ConnectionFault(  # by the last address of a name: another one may have been tried in vain
    "no connection with the server; is ruyi-server running, and does it want TLS or a certificate?",
    lasts=False,
)
_UNKNOWN_HOST = ConnectionFault("the server's name is not known here", lasts=False)

_SIGNS = [  # in small letters; gRPC's Python has BoringSSL
    ("certificate verify failed", _UNTRUSTED),
    ("hostname verification check failed", _OTHER_NAME),
    ("is not in peer certificate", _OTHER_NAME),
    ("wrong version number", _NO_TLS),
    ("missing selected alpn property", _NO_HTTP2),
    ("alert handshake failure", _NOT_LET_IN),
    ("alert bad certificate", _NOT_LET_IN),
    ("alert certificate", _NOT_LET_IN),
    ("alert unknown ca", _NOT_LET_IN),
    ("http1.x server", _NO_GRPC),
    ("failed parsing http/2", _NO_GRPC),
    ("connection refused", _REFUSED),
    ("domain name not found", _UNKNOWN_HOST),
    ("socket closed", _CLOSED),
    ("endpoint read failed", _CLOSED),
    ("connection reset by peer", _CLOSED),
]
_NOT_CONNECTED = ("failed to connect to all addresses", "errors resolving", "dns resolution failed")


def find_fault(details: str) -> Optional[ConnectionFault]:
    """The fault that gRPC's words for UNAVAILABLE tell of.

    None where the connection broke later, or the cause is another one.
    """
    text = details.lower().replace("_", " ")
    if not text.startswith(_NOT_CONNECTED):
        return None
    return next((fault for words, fault in _SIGNS if words in text), None)
