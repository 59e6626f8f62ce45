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

_UPLOAD = re.compile(r"images/[0-9a-f]{64}")


def encoded(picture: Picture) -> bytes:
    """The picture as JPEG, PNG or WebP.

    One of Pillow becomes PNG, which loses nothing.
    """
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return bytes(picture)
    if _is_pillow(picture):
        file = io.BytesIO()
        picture.save(file, format="PNG")
        return file.getvalue()
    return pathlib.Path(picture).read_bytes()


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


def _is_pillow(picture: Any) -> bool:
    # By its methods, so that Pillow is needed only by those who use it.
    return callable(getattr(picture, "save", None)) and callable(getattr(picture, "convert", None))
