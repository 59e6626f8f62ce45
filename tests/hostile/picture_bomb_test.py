"""Pictures that are small as files and large as pixels, and files whose headers lie. While a picture is decoded and turned it
takes up to 16 bytes for each pixel, and a server decodes two at a time."""

import grpc
import pytest

import bombs

SIDE = 3162  # squared, a little less than the ten million pixels that the servers here take
PIXELS = 10_000_000
# Of one such picture, and what the server takes without it.
MOST_MIB_OF_ONE = SIDE * SIDE * 16 // (1 << 20) + 128
MOST_MIB = 512  # of one that is refused, or has few pixels


def upload(victim, data):
    with victim.caller() as caller:
        parts = (data[begin:begin + (1 << 20)] for begin in range(0, len(data), 1 << 20))
        return caller.upload(*parts)


def assert_refused(victim, data, reason):
    with victim.caller() as caller:
        return caller.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, reason, lambda: caller.upload(data))


@pytest.mark.parametrize("picture", [
    pytest.param(bombs.png(SIDE, SIDE), id="png"),
    pytest.param(bombs.png(SIDE, SIDE, depth=16, colour=6), id="png_of_16_bits_with_alpha"),
    pytest.param(bombs.webp(SIDE, SIDE), id="webp"),
])
def test_the_largest_pictures(attack, picture):
    assert len(picture) < 1 << 20
    victim = attack(max_image_pixels=PIXELS)
    image = upload(victim, picture)
    assert (image.size.width, image.size.height) == (SIDE, SIDE)
    victim.assert_well(MOST_MIB_OF_ONE)


@pytest.mark.parametrize("picture", [
    pytest.param(bombs.png(SIDE, SIDE + 2, data=b""), id="png"),
    pytest.param(bombs.png(20, PIXELS // 20 + 1, data=b""), id="png_of_few_columns"),
    pytest.param(bombs.png((1 << 31) - 1, (1 << 31) - 1, data=b""), id="png_of_the_largest_numbers"),
    pytest.param(bombs.jpeg(SIDE, SIDE + 2), id="jpeg"),
    pytest.param(bombs.jpeg(65500, 65500, data=b"\xff\xda\0\x08\1\1\0\0\0\0"), id="jpeg_of_the_largest_numbers"),
    pytest.param(bombs.webp(SIDE, SIDE + 2), id="webp"),
    pytest.param(bombs.webp(16383, 16383), id="webp_of_the_largest_numbers"),
    pytest.param(bombs.webp_canvas(1 << 24, 1 << 24, b""), id="webp_of_the_largest_canvas"),
])
def test_pictures_that_are_larger(attack, picture):
    """They are refused by their header, whatever comes behind it."""
    victim = attack(max_image_pixels=PIXELS)
    assert_refused(victim, picture, "IMAGE_TOO_LARGE")
    victim.assert_well(MOST_MIB)


@pytest.mark.parametrize("picture", [
    pytest.param(bombs.png(8, 8, data=bombs.deflated_zeros(1 << 28)), id="png_with_a_gigabyte_behind_its_pixels"),
    pytest.param(bombs.jpeg(SIDE, SIDE, scans=120), id="jpeg_of_many_scans"),
    pytest.param(bombs.jpeg(SIDE, SIDE, scans=1)[:-3], id="jpeg_that_waits_for_more"),
    pytest.param(bombs.webp_canvas(8, 8, bombs.webp(SIDE, SIDE)[12:]), id="webp_that_is_larger_than_its_canvas"),
    pytest.param(bombs.webp_canvas(SIDE, SIDE, bombs.webp_chunk(b"VP8L", b"\x2f")), id="webp_that_is_cut_short"),
    pytest.param(bombs.PNG_SIGNATURE + bombs.png_chunk(b"IHDR", b""), id="png_without_a_header"),
    pytest.param(bombs.png(8, 8, data=b"") + b"x" * 100, id="png_without_pixels"),
])
def test_files_that_lie(attack, picture):
    victim = attack(max_image_pixels=PIXELS)
    assert_refused(victim, picture, "INVALID_REQUEST")
    victim.assert_well(1024)  # a JPEG of many scans has its coefficients in memory


def test_texts_of_a_png_that_are_bombs(attack):
    """300 texts of 8 MiB each, of which libpng may unpack 1 MiB each and 128 together."""
    victim = attack(max_image_pixels=PIXELS)
    upload(victim, bombs.png(8, 8, chunks=bombs.text_bombs(300, 8)))
    victim.assert_well(MOST_MIB)


def test_a_million_chunks(attack):
    victim = attack(max_image_pixels=PIXELS)
    upload(victim, bombs.png(8, 8, chunks=bombs.png_chunk(b"abCd", b"") * 1_000_000))
    victim.assert_well(MOST_MIB)


def test_bombs_in_all_places_of_a_request_at_once(attack):
    """Eight pictures in each of four requests: no more than two are decoded at a time."""
    victim = attack(max_image_pixels=PIXELS)
    bomb = bombs.webp(SIDE, SIDE)
    with victim.caller() as caller:
        image = caller.messages.ImageInput(data=bomb)
        message = caller.messages.CreateVideoRequest(
            request=caller.request(start_images=[image] * 4, end_images=[image] * 4,
                                   size=caller.video.Size(width=256, height=256)), validate_only=True)
        for call in [caller.service.CreateVideo.future(message) for _ in range(4)]:
            assert call.result().settings.frame_count == 8
    victim.assert_well(2 * MOST_MIB)


def test_what_libraries_say_is_in_the_log_as_json(attack, photo):
    """libpng of a wrong checksum, libjpeg of bytes that belong to nothing."""
    victim = attack(max_image_pixels=PIXELS)
    upload(victim, bombs.png(8, 8, chunks=bombs.png_chunk(b"tEXt", b"Comment\0", checksum=1)))
    upload(victim, photo.replace(b"\xff\xdb", b"stray\xff\xdb", 1))
    for library, message in (("libpng", "CRC error"), ("libjpeg", "extraneous bytes")):
        assert message in victim.server.await_log("library", library=library)["message"]
    assert all(isinstance(line, dict) for line in victim.server.log())
