"""Plain keyword arguments become a GenerateVideoRequest."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Mapping, Sequence, TypedDict, Union

from google.protobuf import duration_pb2

from ruyi.images import image_inputs
from ruyi.v1 import video_service_pb2

if TYPE_CHECKING:
    from ruyi.images import Pictures


class Options(TypedDict, total=False):
    """What a video may be asked for.

    What is left out is the server's default; None is the same as left out. Client.capabilities()
    and proto/ruyi/v1/video_service.proto give ranges and defaults. A mapping has the field names of
    the message that is named beside it.
    """

    end: Pictures  # what the video ends with: one picture or up to 4
    frames: int  # 24 per second
    size: tuple[int, int]  # width and height in pixels; or:
    base_resolution: int  # about base_resolution² pixels in the shape of the first picture
    camera: str  # "auto", "static", "left", "right", "up", "down"
    motion: int  # 1 (least) to 4
    sampler: str  # "ddim", "euler", "euler_ancestral", "dpm_multistep", "pndm"
    steps: int
    guidance: float
    guidance_rescale: float
    clip_apply_ratio: float
    seed: int
    loras: Union[Mapping[str, float], Sequence[str]]  # strengths by name, or names
    fp8: Union[str, Mapping[str, Any]]  # "none", "lite", "strong", "extreme"; or Fp8
    tea_cache: Union[bool, float, Mapping[str, Any]]  # True, the threshold, or TeaCache
    enhance: Union[bool, float, Mapping[str, Any]]  # True, the weight, or EnhanceAVideo
    easy_cache: Union[bool, float, Mapping[str, Any]]  # True, the threshold, or EasyCache
    guidance_gate: Union[bool, float, Mapping[str, Any]]  # True, the start ratio, or GuidanceGate
    quality: str  # "lossless", "balanced", "fast"
    memory: Union[str, Mapping[str, Any]]  # "auto", "fastest", "smallest"; or Memory
    labels: Mapping[str, str]
    priority: str  # "low", "normal", "high"
    request_id: str  # up to 64 printable ASCII characters; a UUID is drawn when left out
    # seconds that the work may take, the wait in the queue not counted
    timeout: Union[float, datetime.timedelta]
    preview: Union[bool, int, Mapping[str, Any]]  # True, the steps between two, or Preview
    encoding: Mapping[str, Any]  # Encoding
    reuse: Union[bool, str]  # True or "prefer": an equal video that is stored may be the answer


_NAMES = {
    "frames": "frame_count",
    "guidance": "guidance_scale",
    "timeout": "execution_timeout",
    "end": "end_images",
}
_ACCELERATION = {
    "loras": "loras",
    "fp8": "fp8",
    "tea_cache": "tea_cache",
    "enhance": "enhance_a_video",
    "easy_cache": "easy_cache",
    "guidance_gate": "guidance_gate",
}


def build_request(pictures: Pictures, options: Options) -> video_service_pb2.GenerateVideoRequest:
    """The request for a video that begins with `pictures`.

    Raises TypeError for an option that there is not, ValueError for a name that an enum does not
    have and for a number that its field cannot hold. Whether the rest is allowed is for the server
    to say.
    """
    fields: dict[str, Any] = {
        "start_images": image_inputs(pictures),
        "request_id": str(uuid.uuid4()),
    }
    acceleration: dict[str, Any] = {}
    for name, value in options.items():
        if name not in Options.__annotations__:
            known = ", ".join(sorted(Options.__annotations__))
            raise TypeError(f"there is no option '{name}'; use one of {known}")
        plain = _PLAIN[name](value) if name in _PLAIN and value is not None else value
        if plain is not None:
            target = acceleration if name in _ACCELERATION else fields
            target[_ACCELERATION.get(name) or _NAMES.get(name, name)] = plain
    if acceleration:
        fields["acceleration"] = acceleration
    request = video_service_pb2.GenerateVideoRequest()
    for name, value in _expand(fields, request.DESCRIPTOR).items():
        try:
            request.MergeFrom(video_service_pb2.GenerateVideoRequest(**{name: value}))
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name} cannot be {value!r}: {error}") from error
    return request


def _size(value: Any) -> dict[str, int]:
    if isinstance(value, str):
        raise ValueError("expected width and height, such as (320, 192)")
    width, height = value
    return {"width": width, "height": height}


def _loras(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, Mapping):
        return [{"name": name, "strength": strength} for name, strength in value.items()]
    return [{"name": name} for name in value]


def _duration(value: Any) -> duration_pb2.Duration:
    delta = value if isinstance(value, datetime.timedelta) else datetime.timedelta(seconds=value)
    duration = duration_pb2.Duration()
    duration.FromTimedelta(delta)
    return duration


def _message_or(field: str) -> Any:
    """How a message is read: from True with its defaults, from a plain value as its `field`.

    A mapping gives its fields, False leaves it out.
    """

    def read(value: Any) -> Any:
        if value is False:
            return None
        if value is True:
            return {}
        return dict(value) if isinstance(value, Mapping) else {field: value}

    return read


def _reuse(value: Any) -> str:
    return {True: "prefer", False: "never"}.get(value, value)


_PLAIN = {
    "end": image_inputs,
    "size": _size,
    "loras": _loras,
    "fp8": _message_or("mode"),
    "tea_cache": _message_or("threshold"),
    "enhance": _message_or("weight"),
    "easy_cache": _message_or("threshold"),
    "guidance_gate": _message_or("start_ratio"),
    "memory": _message_or("policy"),
    "labels": dict,
    "timeout": _duration,
    "preview": _message_or("every_steps"),
    "encoding": dict,
    "reuse": _reuse,
}


def _expand(fields: Mapping[str, Any], descriptor: Any) -> dict[str, Any]:
    """The same fields with short names of enum values written out: "left" becomes "CAMERA_LEFT"."""
    expanded = {}
    for name, value in fields.items():
        field = descriptor.fields_by_name.get(name)
        if field is None:
            raise ValueError(
                f"{descriptor.name} has no field '{name}'; "
                f"use one of {', '.join(sorted(descriptor.fields_by_name))}"
            )
        if field.enum_type is not None and isinstance(value, str):
            value = enum_value(field.enum_type, value)
        elif isinstance(value, dict) and not field.message_type.GetOptions().map_entry:
            value = _expand(value, field.message_type)
        expanded[name] = value
    return expanded


def enum_value(enum: Any, text: str) -> int:
    """The number of "left" or "CAMERA_LEFT" in Camera."""
    prefix = enum.values[0].name[: -len("UNSPECIFIED")]
    value = enum.values_by_name.get(text) or enum.values_by_name.get(prefix + text.upper())
    if value is None:
        allowed = ", ".join(f"'{known.name[len(prefix):].lower()}'" for known in enum.values[1:])
        raise ValueError(f"'{text}' is no {enum.name}; use one of {allowed}")
    return value.number
