"""Pictures, however the caller has them."""

from __future__ import annotations

import io
import os
import pathlib
import re
from typing import TYPE_CHECKING, Any, Sequence, Union

from ruyi.v1 import video_service_pb2

if TYPE_CHECKING:
    import PIL.Image

    # A path, encoded bytes, a picture of Pillow, or an upload: its name or its message.
    Picture = Union[
        str,
        os.PathLike[str],
        bytes,
        bytearray,
        memoryview,
        PIL.Image.Image,
        video_service_pb2.Image,
    ]
    Pictures = Union[Picture, Sequence[Picture]]

_MAX_BYTES = 64 * 2**20  # of a picture that is read
_UPLOAD = re.compile(r"images/[0-9a-f]{64}")


def encoded(picture: Picture) -> bytes:
    """The picture as JPEG, PNG or WebP.

    One of Pillow becomes PNG, which loses nothing. Raises ValueError when a file has more than
    64 MiB.
    """
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return bytes(picture)
    if _is_pillow(picture):
        file = io.BytesIO()
        picture.save(file, format="PNG")
        return file.getvalue()
    return _read(pathlib.Path(picture))


def image_input(picture: Picture) -> video_service_pb2.ImageInput:
    """The picture as a request holds it."""
    if isinstance(picture, video_service_pb2.Image):
        return video_service_pb2.ImageInput(image=picture.name)
    if isinstance(picture, str) and _UPLOAD.fullmatch(picture):
        return video_service_pb2.ImageInput(image=picture)
    return video_service_pb2.ImageInput(data=encoded(picture))


def image_inputs(pictures: Pictures) -> list[video_service_pb2.ImageInput]:
    """One picture or several."""
    several = pictures if isinstance(pictures, (list, tuple)) else [pictures]
    return [image_input(picture) for picture in several]


def _read(path: pathlib.Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_MAX_BYTES + 1)  # a device or a pipe may have no end
    if len(data) > _MAX_BYTES:
        raise ValueError(
            f"{path} has more than {_MAX_BYTES >> 20} MiB, which is the most that a picture may have"
        )
    return data


def _is_pillow(picture: Any) -> bool:
    # By its methods, so that Pillow is needed only by those who use it.
    return callable(getattr(picture, "save", None)) and callable(getattr(picture, "convert", None))
