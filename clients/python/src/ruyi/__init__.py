"""The client of ruyi-server: give it a picture, get a video.

import ruyi

ruyi.Client("host:50051").generate("photo.jpg", camera="left").save("film.mp4")
"""

from ruyi.client import Client
from ruyi.connection import Connection
from ruyi.errors import (
    Cancelled,
    ConnectionFailed,
    DataLoss,
    DoesNotFit,
    Error,
    InvalidRequest,
    NotFound,
    QueueFull,
    Unauthorized,
    Unavailable,
    Violation,
)
from ruyi.job import Job
from ruyi.request import Options
from ruyi.retry import Retry

__all__ = [
    "Cancelled",
    "Client",
    "Connection",
    "ConnectionFailed",
    "DataLoss",
    "DoesNotFit",
    "Error",
    "InvalidRequest",
    "Job",
    "NotFound",
    "Options",
    "QueueFull",
    "Retry",
    "Unauthorized",
    "Unavailable",
    "Violation",
]
