"""Small files that are large pictures, and files whose headers lie. All are made here, so that the tests say what is in
them."""

import struct
import zlib

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_chunk(kind, data, checksum=None):
    checksum = zlib.crc32(kind + data) if checksum is None else checksum
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def deflated_zeros(count, before=b""):
    """A zlib stream of `before` and so many zero bytes, made without having them at once."""
    packer = zlib.compressobj(9)
    stream = [packer.compress(before)]
    block = bytes(1 << 20)
    stream += [packer.compress(block[:count - begin]) for begin in range(0, count, len(block))]
    return b"".join([*stream, packer.flush()])


def png(width, height, depth=8, colour=2, interlace=0, chunks=b"", data=None):
    """A black picture of RGB (colour 2) or, with colour 6, a transparent one; `chunks` come before its pixels."""
    channels = {0: 1, 2: 3, 6: 4}[colour]
    if data is None:
        data = deflated_zeros(height * (1 + width * channels * depth // 8))
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
    return PNG_SIGNATURE + head + chunks + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def text_bombs(count, megabytes):
    """So many compressed texts, each of so many megabytes."""
    text = deflated_zeros(megabytes << 20)
    return b"".join(png_chunk(b"zTXt", b"Raw profile type exif\0\0" + text) for _ in range(count))


def jpeg_segment(marker, data):
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(width, height, scans=0, data=None):
    """A grey progressive picture: a scan of its averages, then `scans` scans of next to no bytes, each of which is a pass
    over all of the picture. None of them brings the last bit, so that the picture waits for more."""
    blocks = (-(-width // 8)) * (-(-height // 8))
    table = jpeg_segment(0xDB, b"\0" + b"\1" * 64)
    head = jpeg_segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    one_code = b"\1" + bytes(15)  # of one bit
    averages = jpeg_segment(0xC4, b"\0" + one_code + b"\0")
    runs = jpeg_segment(0xC4, b"\x10" + one_code + b"\xe0")  # the next 16384 blocks and more have nothing
    first = jpeg_segment(0xDA, b"\1\1\0\0\0\0") + bytes(-(-blocks // 8))
    run = jpeg_segment(0xDA, b"\1\1\0\1\x3f\1") + bytes(2 * (blocks // 16384 + 1))
    data = first + run * scans if data is None else data
    return b"\xff\xd8" + table + head + averages + runs + data + b"\xff\xd9"


class Bits:
    """Bits of a WebP file, least significant first."""

    def __init__(self):
        self._value = 0
        self._count = 0

    def add(self, value, count):
        self._value |= value << self._count
        self._count += count

    def to_bytes(self):
        return self._value.to_bytes(-(-self._count // 8), "little")


def webp_lossless_head(width, height):
    bits = Bits()
    bits.add(0x2F, 8)
    bits.add(width - 1, 14)
    bits.add(height - 1, 14)
    bits.add(0, 1 + 3)  # alpha is not used; the version
    return bits


def riff(chunks):
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def webp_chunk(kind, data):
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def webp(width, height):
    """A black picture in which no pixel takes a bit: each of its five codes has one symbol."""
    bits = webp_lossless_head(width, height)
    bits.add(0, 1)  # no transform
    bits.add(0, 1)  # no cache of colours
    bits.add(0, 1)  # one group of codes
    for _ in range(5):
        bits.add(1, 1)  # a simple code
        bits.add(0, 1)  # of one symbol
        bits.add(0, 1)  # of one bit
        bits.add(0, 1)  # which is 0
    return riff(webp_chunk(b"VP8L", bits.to_bytes() + bytes(8)))


def webp_canvas(width, height, frame):
    """An extended file of this canvas, around the chunk of a picture."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff(webp_chunk(b"VP8X", b"\0\0\0\0" + size) + frame)
