"""An HTTP/2 client that sends whatever frames it is told to, right or wrong (RFC 9113, RFC 7541), over a plain socket."""

import contextlib
import socket
import struct

from programs import DEADLINE_S

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, ACK = 0x1, 0x4, 0x1
REFUSED_STREAM, CANCEL = 0x7, 0x8
INITIAL_WINDOW_SIZE = 0x4  # of SETTINGS
HEADER_TABLE_SIZE = 0x1
FRAME_BYTES = 16384  # the largest payload that a receiver must take


def frame(kind, payload=b"", flags=0, stream=0):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(**values):
    """A SETTINGS frame, as settings(INITIAL_WINDOW_SIZE=0)."""
    return frame(SETTINGS, b"".join(struct.pack(">HI", globals()[name], value) for name, value in values.items()))


def integer(value, prefix_bits, first=0):
    """An integer of HPACK (RFC 7541, 5.1) under the bits of `first`."""
    most = (1 << prefix_bits) - 1
    if value < most:
        return bytes([first | value])
    encoded = bytearray([first | most])
    value -= most
    while value >= 128:
        encoded.append(value % 128 + 128)
        value //= 128
    encoded.append(value)
    return bytes(encoded)


def text(value):
    return integer(len(value), 7) + value


def field(name, value):
    """A header field that is not indexed."""
    return b"\0" + text(name) + text(value)


def indexed_field(name, value):
    """A header field that the receiver keeps in its table."""
    return b"\x40" + text(name) + text(value)


def call_headers(method, extra=()):
    """The header block of a gRPC call of a full method, /package.Service/Method."""
    fields = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", method.encode()), (b":authority", b"localhost"),
              (b"te", b"trailers"), (b"content-type", b"application/grpc"), *extra]
    return b"".join(field(name, value) for name, value in fields)


def grpc_message(data, compressed=0):
    return struct.pack(">BI", compressed, len(data)) + data


class RawConnection:
    """A connection; `address` is HOST:PORT. Sends the preface and empty settings unless told not to."""

    def __init__(self, address, preface=PREFACE + frame(SETTINGS)):
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=DEADLINE_S)
        self._received = b""
        self.send(preface)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, *frames):
        """Returns False when the server has closed the connection."""
        try:
            self.socket.sendall(b"".join(frames))
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def send_call(self, stream, method, message=b"", flags=END_STREAM, extra=()):
        """A whole call of one message; with `flags` 0 its sending side stays open."""
        block = call_headers(method, extra)
        return self.send(frame(HEADERS, block, END_HEADERS, stream),
                         frame(DATA, grpc_message(message), flags, stream))

    def frames(self):
        """Yields (kind, flags, stream, payload) until the server closes the connection."""
        while True:
            head = self._read(9)
            if head is None:
                return
            kind, flags, stream = struct.unpack(">BBI", head[3:])
            payload = self._read(int.from_bytes(head[:3], "big"))
            if payload is None:
                return
            yield kind, flags, stream, payload

    def _read(self, count):
        while len(self._received) < count:
            try:
                more = self.socket.recv(1 << 16)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self._received += more
        taken, self._received = self._received[:count], self._received[count:]
        return taken

    def await_frame(self, kind, stream=None, flags=0):
        """The payload of the first frame of this kind with these flags; None when the connection ends before."""
        for got, got_flags, got_stream, payload in self.frames():
            if got == kind and got_flags & flags == flags and stream in (None, got_stream):
                return payload
        return None

    def await_answer(self):
        """Returns whether the server answers a ping, rather than close the connection."""
        return self.send(frame(PING, b"is there")) and self.await_frame(PING, flags=ACK) is not None

    def await_close(self):
        """Waits for the server to close the connection; its last words, the payload of GOAWAY, or None."""
        last = None
        with contextlib.suppress(OSError):
            for kind, _, _, payload in self.frames():
                if kind == GOAWAY:
                    last = payload
        return last
