"""The package as its users have it: a wheel, made now from clients/python.

pytest -c tests/clients/python/pytest.ini tests/clients/python

RUYI_PYTHON_WHEEL names another wheel to test, such as the one of scripts/python_wheel.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = tempfile.TemporaryDirectory()


def make_wheel(folder):
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "wheel",
            "--quiet",
            "--no-index",
            "--no-build-isolation",
            "--no-deps",
            "--wheel-dir",
            folder,
            ROOT / "clients" / "python",
        ],
        check=True,
    )
    return next(folder.glob("ruyi-*.whl"))


def pytest_configure():
    folder = pathlib.Path(FOLDER.name)
    wheel = os.environ.get("RUYI_PYTHON_WHEEL") or make_wheel(folder)
    zipfile.ZipFile(wheel).extractall(folder / "site")
    sys.path.insert(0, str(folder / "site"))


def pytest_unconfigure():
    FOLDER.cleanup()


@pytest.fixture
def server(tmp_path):
    from fake_server import FakeServer

    fake = FakeServer(tmp_path / "socket")
    yield fake
    fake.stop()


@pytest.fixture
def waits():
    """The seconds that the client would have waited."""
    return []


@pytest.fixture
def client(server, waits):
    import ruyi

    with ruyi.Client(
        server.target, retry=ruyi.Retry(attempts=4, sleep=waits.append), quiet=True
    ) as opened:
        yield opened
