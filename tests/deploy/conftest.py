"""The tools that scripts/setup --deploy installs, the manifests as kubectl renders them, and the server with the demo model.

pytest -c tests/deploy/pytest.ini tests/deploy --bin BIN_FOLDER
"""

import contextlib
import os
import pathlib
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("integration", "stranger")]

from programs import DEADLINE_S, Server  # noqa: E402  (finds programs by the line above)

DEPS = ROOT / ".deps"
UNPACKED = DEPS / "deploy" / "debian"
FOLDERS = (DEPS / "deploy" / "venv" / "bin", DEPS / "checkov" / "venv" / "bin", UNPACKED / "usr" / "bin",
           UNPACKED / "usr" / "sbin")
OVERLAYS = sorted(folder.name for folder in (ROOT / "deploy" / "overlays").iterdir())


def pytest_addoption(parser):
    parser.addoption("--bin", type=pathlib.Path, required=True, help="folder of the built programs")
    parser.addoption("--pictures", type=pathlib.Path, help="folder for the pictures of docs/operations.md (page_test.py)")


def tool(name):
    """The path of a tool; an error, never a skipped test, where it is missing."""
    for folder in FOLDERS:
        if (folder / name).exists():
            return str(folder / name)
    raise AssertionError(f"{name} is missing: run scripts/setup --deploy")


def tool_environment():
    libraries = UNPACKED / "usr" / "lib" / "x86_64-linux-gnu"
    return {**os.environ, "LD_LIBRARY_PATH": str(libraries)}


def run(*command, **options):
    """The output of a command that must end with code 0."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=DEADLINE_S,
                          **options)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def render(folder):
    """The objects that `kubectl apply -k FOLDER` would send."""
    return list(yaml.safe_load_all(run(tool("kubectl"), "kustomize", folder)))


@pytest.fixture(scope="session")
def overlays():
    """The objects of each overlay by its name."""
    return {name: render(ROOT / "deploy" / "overlays" / name) for name in OVERLAYS}


@pytest.fixture(scope="session")
def binaries(request):
    return request.config.getoption("--bin")


@pytest.fixture(scope="session")
def new_server(binaries, tmp_path_factory):
    """Starts servers with the demo model: new_server(flag=value), '-' is '_'. They end with the session, and have one
    calibration file, so that only the first start measures the machine."""
    calibration_file = tmp_path_factory.mktemp("calibration") / "calibration.json"
    with contextlib.ExitStack() as exits:
        def start(**flags):
            folder = tmp_path_factory.mktemp("server")
            server = Server(binaries / "ruyi-server", folder,
                            {"--model": ROOT / "models" / "ruyi-tiny", "--state-dir": folder / "state",
                             "--calibration-file": calibration_file, **{"--" + name.replace("_", "-"): value for name, value in flags.items()}})
            exits.callback(server.kill)
            server.await_log("ready")
            return server
        yield start
