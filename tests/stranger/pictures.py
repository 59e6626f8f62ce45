"""PNG pictures, made here so that the tests say what is in them."""

import random
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width, height):
    """The beginning of a PNG of 8-bit RGB, up to where its pixels would come."""
    return SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def png(width, height, rows=None):
    """A picture of these RGB bytes, or grey."""
    line = 3 * width
    rows = rows or b"\x80" * line * height
    lines = b"".join(b"\0" + rows[begin:begin + line] for begin in range(0, len(rows), line))
    return header(width, height) + chunk(b"IDAT", zlib.compress(lines, 1)) + chunk(b"IEND", b"")


def noise(width, height, seed):
    """A picture that no compression makes smaller."""
    return png(width, height, random.Random(seed).randbytes(3 * width * height))
