"""Events and chunks of a video, as a server sends them."""

import hashlib

import google_crc32c
from ruyi.v1 import video_event_pb2, video_pb2

NAME = "videos/1"
FILM = bytes(range(256)) * 4
CHUNK_BYTES = 256


def chunk(offset, data, **fields):
    return video_event_pb2.VideoChunk(
        offset=offset, data=data, crc32c=google_crc32c.value(data), **fields
    )


def last_chunk(film=FILM, **fields):
    whole = {"total_size_bytes": len(film), "sha256": hashlib.sha256(film).digest(), **fields}
    return chunk(len(film), b"", last=True, **whole)


def chunks(start=0, end=len(FILM)):
    """The chunks with the bytes from `start` to `end`, without the last one that tells the size."""
    return [
        chunk(at, FILM[at : min(at + CHUNK_BYTES, end)]) for at in range(start, end, CHUNK_BYTES)
    ]


def progress(seq, step, total=8, phase=video_pb2.PHASE_DENOISING):
    return video_event_pb2.VideoEvent(
        seq=seq, progress=video_pb2.VideoProgress(phase=phase, step=step, total=total)
    )


def completed(seq):
    video = video_pb2.Video(name=NAME, state=video_pb2.VIDEO_STATE_SUCCEEDED)
    return video_event_pb2.VideoEvent(
        seq=seq, completed=video_event_pb2.VideoCompleted(video=video)
    )


def failed(seq, status):
    return video_event_pb2.VideoEvent(seq=seq, failed=video_event_pb2.VideoFailed(status=status))


def heartbeat():
    return video_event_pb2.VideoEvent(heartbeat=video_event_pb2.VideoHeartbeat())
