"""A bucket of SeaweedFS, on free ports of this machine, that can be taken away and brought back."""

import json
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

WEED = pathlib.Path(sys.executable).with_name("weed")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "a/secret+of=tests"}
PORTS = ("s3.port", "s3.port.grpc", "filer.port", "filer.port.grpc", "master.port", "master.port.grpc", "volume.port",
         "volume.port.grpc")
DEADLINE_S = 1200


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Bucket:
    """Has the name "films"."""

    def __init__(self, folder, host="127.0.0.1"):
        self._folder = folder
        self._host = host
        self._ports = dict(zip(PORTS, free_ports(len(PORTS))))
        (folder / "data").mkdir()
        keys = {"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}
        identity = {"name": "tests", "credentials": [keys], "actions": ["Read", "Write", "List"]}
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
        self.start()

    def port(self):
        return self._ports["s3.port"]

    def url(self, prefix="prefix"):
        return f"s3://films/{prefix}?endpoint=http://{self._host}:{self._ports['s3.port']}"

    def start(self):
        """Returns once objects can be written."""
        flags = {"dir": self._folder / "data", "ip": self._host, "ip.bind": self._host,
                 "s3.config": self._folder / "s3.json", "s3.port.iceberg": 0, "s3.port.lance": 0,
                 "master.telemetry": "false", "master.volumeSizeLimitMB": 64, "volume.preStopSeconds": 0,
                 "volume.max": 100, **self._ports}
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen([WEED, "server", "-s3", *(f"-{name}={value}" for name, value in flags.items())],
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + DEADLINE_S
        while not self._can_write():
            assert self._process.poll() is None and time.monotonic() < deadline, f"see {self._folder / 'log'}"
            time.sleep(0.1)

    def _can_write(self):
        """Whether its filer takes a file, which makes the bucket too: a folder of the filer."""
        url = f"http://{self._host}:{self._ports['filer.port']}/buckets/films/ready"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, b"yes", method="PUT"), timeout=5):
                return self._s3_answers()
        except OSError:
            return False

    def _s3_answers(self):
        try:
            urllib.request.urlopen(f"http://{self._host}:{self._ports['s3.port']}/films/", timeout=5)
        except urllib.error.HTTPError as error:
            return error.code == 403  # it wants a signature
        return False

    def take_away(self):
        self._process.kill()
        self._process.wait()
