"""Envoy and HAProxy with the configurations of deploy/, in front of servers on this machine."""

import itertools
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request

import yaml

from programs import DEADLINE_S

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNPACKED = ROOT / ".deps" / "deploy" / "debian"
ENVOY = ROOT / ".deps" / "deploy" / "venv" / "bin" / "envoy"
HAPROXY = UNPACKED / "usr" / "sbin" / "haproxy"
CONFIGURATIONS = ROOT / "deploy"


def await_true(condition):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


class EdgeFiles:
    """The certificates of a proxy at the edge: its own pair, who signs its callers, and who signs the servers."""

    def __init__(self, certificate, key, clients, servers):
        self.certificate = certificate
        self.key = key
        self.clients = clients
        self.servers = servers


class Proxy:
    """`address` is where it takes calls; `addresses` are those of the servers behind it, HOST:PORT."""

    def __init__(self):
        self.address = None
        self._process = None

    def close(self):
        self._process.kill()
        self._process.wait()


class EnvoyProxy(Proxy):
    def __init__(self, folder, addresses, edge=None, port=0):
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        text = (CONFIGURATIONS / "envoy" / ("envoy.yaml" if edge is None else "edge.yaml")).read_text(encoding="utf-8")
        if edge is not None:
            for name, file in (("tls.crt", edge.certificate), ("tls.key", edge.key), ("clients.crt", edge.clients),
                               ("servers.crt", edge.servers)):
                shutil.copyfile(file, folder / name)
            text = text.replace("/etc/envoy/edge/", f"{folder}/")
        (folder / "envoy.yaml").write_text(yaml.safe_dump(self._on_this_machine(yaml.safe_load(text), addresses, port)),
                                           encoding="utf-8")
        self._admin_file = folder / "admin"
        self._process = subprocess.Popen(
            [ENVOY, "-c", folder / "envoy.yaml", "--use-dynamic-base-id", "--concurrency", "1",
             "--admin-address-path", self._admin_file, "--log-path", folder / "envoy.log"])
        self.address = self._listener()

    @staticmethod
    def _on_this_machine(config, addresses, port):
        """What the tests change: addresses, and a page of statistics."""
        resources = config["static_resources"]
        resources["listeners"][0]["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": port}
        cluster = resources["clusters"][0]
        cluster["type"] = "STATIC"
        cluster["load_assignment"]["endpoints"][0]["lb_endpoints"] = [
            {"endpoint": {"address": {"socket_address": {"address": host, "port_value": int(number)}}}}
            for host, number in (address.split(":") for address in addresses)]
        config["admin"] = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}}
        return config

    def _admin(self, path):
        with urllib.request.urlopen(f"http://{self._admin_file.read_text()}/{path}", timeout=DEADLINE_S) as answer:
            return json.load(answer)

    def _listener(self):
        await_true(lambda: self._admin_file.exists() and self._admin_file.read_text())
        await_true(lambda: self._admin("server_info")["state"] == "LIVE")
        port = self._admin("listeners?format=json")["listener_statuses"][0]["local_address"]["socket_address"]["port_value"]
        return f"127.0.0.1:{port}"

    def healthy(self):
        hosts = self._admin("clusters?format=json")["cluster_statuses"][0]["host_statuses"]
        return sum(host["health_status"].get("eds_health_status") == "HEALTHY"
                   and not host["health_status"].get("failed_active_health_check") for host in hosts)


class HaproxyProxy(Proxy):
    """HAProxy is given sockets that listen already, so that no port need be free by luck."""

    def __init__(self, folder, addresses, edge=None, port=0):
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self._sockets = [socket.create_server(("127.0.0.1", number)) for number in (port, 0)]
        front, statistics = (listening.fileno() for listening in self._sockets)
        environment = {**os.environ, "LD_LIBRARY_PATH": str(UNPACKED / "usr" / "lib" / "x86_64-linux-gnu")}
        if edge is not None:
            (folder / "edge.pem").write_bytes(edge.certificate.read_bytes() + edge.key.read_bytes())
            shutil.copyfile(edge.clients, folder / "clients.pem")
            shutil.copyfile(edge.servers, folder / "servers.pem")
            environment |= {"RUYI_EDGE_TLS": "1", "RUYI_EDGE_DIR": str(folder)}
        (folder / "haproxy.cfg").write_text(self._on_this_machine(addresses, front, statistics), encoding="utf-8")
        with open(folder / "haproxy.log", "wb") as log:
            self._process = subprocess.Popen([HAPROXY, "-db", "-f", folder / "haproxy.cfg"], env=environment,
                                             pass_fds=[front, statistics], stderr=log)
        self.address = "127.0.0.1:%d" % self._sockets[0].getsockname()[1]
        self._statistics = "http://127.0.0.1:%d/;csv" % self._sockets[1].getsockname()[1]

    @staticmethod
    def _on_this_machine(addresses, front, statistics):
        text = (CONFIGURATIONS / "haproxy" / "haproxy.cfg").read_text(encoding="utf-8")
        text, changed = re.subn(r"bind 0\.0\.0\.0:50050", f"bind fd@{front}", text)
        assert changed == 2
        text, changed = re.subn(r"(?m)^  server ruyi-\d .*\n", "", text)
        assert changed == 3
        text += "".join(f"  server ruyi-{number} {address}\n" for number, address in zip(itertools.count(1), addresses))
        return text + f"\nfrontend statistics\n  bind fd@{statistics}\n  stats enable\n  stats uri /\n"

    def healthy(self):
        with urllib.request.urlopen(self._statistics, timeout=DEADLINE_S) as answer:
            rows = answer.read().decode().splitlines()
        return sum(row.startswith("ruyi,ruyi-") and ",UP," in row for row in rows)

    def close(self):
        super().close()
        for listening in self._sockets:
            listening.close()


PROXIES = {"envoy": EnvoyProxy, "haproxy": HaproxyProxy}
