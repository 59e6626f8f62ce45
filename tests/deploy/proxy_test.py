"""Envoy and HAProxy in front of three replicas on one PostgreSQL and one bucket: with certificates at the edge, tokens of the
callers that go through, and replicas that end. The replicas' pipeline is a fake; bytes, queue and calls are real.

Run by the Python of .deps/venv, which has gRPC."""

import contextlib
import hashlib
import pathlib
import socket
import subprocess
import sys
import time
import uuid
from concurrent import futures

import grpc
import pytest
import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fleet"))

import paths  # noqa: E402,F401  (finds the modules below)
from bucket import free_ports  # noqa: E402
from caller import Caller, TlsCaller, kinds  # noqa: E402
from certificates import Authority  # noqa: E402
from programs import clean_environment  # noqa: E402
from proto_stubs import make_stubs  # noqa: E402
from proxies import CONFIGURATIONS, ENVOY, PROXIES, EdgeFiles, await_true  # noqa: E402
from replicas import Replica, Stores  # noqa: E402
from retry_rules import details_of, may_call_again, may_stream_again  # noqa: E402

ROOT = paths.ROOT
FAKE_PICTURE = b"image 640x384"
NO_TOKEN = "none"
REPLICAS = 3
BACKEND = pathlib.Path(__file__).with_name("dying_backend.py")
LONGEST_DEFAULT_S = 15  # Envoy's timeout of a route, which ends a stream that has begun


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    return make_stubs(tmp_path_factory.mktemp("stubs"))


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    with contextlib.closing(Stores(tmp_path_factory.mktemp("stores"))) as opened:
        yield opened


class FleetCaller(TlsCaller):
    """Asks for videos of the fake pipeline."""

    def request(self, **fields):
        """Of a small video, with `fields` changed."""
        image = self.messages.ImageInput(data=FAKE_PICTURE)
        return self.messages.GenerateVideoRequest(
            **{"start_images": [image], "size": self.video.Size(width=256, height=256), "frame_count": 8, "steps": 3, "seed": 7,
               **fields})


class Fleet:
    """Three replicas that want a certificate and a token of every caller, and both proxies, which show theirs."""

    def __init__(self, folder, binaries, stores, stubs):
        self._exits = contextlib.ExitStack()
        self.stubs = stubs
        self._binaries = binaries
        inside, outside = Authority(folder, "inside"), Authority(folder, "outside")
        self._outside = outside
        self._own = outside.sign("ana", "DNS:ana")
        self.edge = EdgeFiles(*outside.sign("edge", "DNS:edge,IP:127.0.0.1"), outside.certificate, inside.certificate)
        certificate, key = inside.sign("replica", "DNS:ruyi-server")
        self._tokens = folder / "tokens.json"
        self.token = self.new_token("film")
        flags = {"--model": ROOT / "tests" / "soak", "--queue-capacity": 1000, "--checkpoint-seconds": 0, "--drain-timeout": 0,
                 "--tls-cert": certificate, "--tls-key": key, "--tls-client-ca": outside.certificate, "--tokens": self._tokens,
                 **stores.new_fleet()}
        self.replicas = [Replica(binaries / "ruyi-soak-server", folder / f"replica-{number}", flags) for number in range(REPLICAS)]
        for replica in self.replicas:
            self._exits.callback(replica.close)
            replica.begin()
        for replica in self.replicas:
            replica.server.await_log("ready")
        self.proxies = {}
        for name, make in PROXIES.items():
            self.proxies[name] = make(folder / name, [replica.address for replica in self.replicas], self.edge)
            self._exits.callback(self.proxies[name].close)
        self.await_all()

    def await_all(self):
        """Until both proxies give calls to all replicas."""
        await_true(lambda: all(proxy.healthy() == REPLICAS for proxy in self.proxies.values()))

    def new_token(self, tenant):
        made = subprocess.run([self._binaries / "ruyi-server", "token", "new", "--tokens", self._tokens, "--tenant", tenant],
                              check=True, capture_output=True, text=True, env=clean_environment())
        return made.stdout.strip()

    def new_token_of_all(self, tenant):
        """A token that every replica knows: each reads the file once after each change."""
        before = [self._reads(replica) for replica in self.replicas]
        token = self.new_token(tenant)
        await_true(lambda: all(self._reads(replica) > reads for replica, reads in zip(self.replicas, before)))
        return token

    @staticmethod
    def _reads(replica):
        return sum(entry["event"] == "credentials_read" and entry["kind"] == "tokens" for entry in replica.server.log())

    def caller(self, proxy, token=None, pair=None):
        """A caller with a certificate of the outside, or with `pair`."""
        return self.caller_at(self.proxies[proxy].address, token, pair)

    def caller_at(self, address, token=None, pair=None):
        certificate, key = pair or self._own
        files = (self._outside.certificate, key, certificate)
        token = None if token == NO_TOKEN else token or self.token
        caller = FleetCaller(address, self.stubs, FAKE_PICTURE, files, token)
        self._exits.callback(caller.close)
        return caller

    def close(self):
        self._exits.close()


@pytest.fixture(scope="module")
def fleet(tmp_path_factory, binaries, stores, stubs):
    with contextlib.closing(Fleet(tmp_path_factory.mktemp("fleet"), binaries, stores, stubs)) as opened:
        yield opened


@pytest.fixture(params=PROXIES)
def proxy(request):
    return request.param


@pytest.fixture
def caller(fleet, proxy):
    return fleet.caller(proxy)


def test_envoy_takes_its_configuration():
    subprocess.run([ENVOY, "--mode", "validate", "-c", CONFIGURATIONS / "envoy" / "envoy.yaml"], check=True, capture_output=True)


def without_tls(config):
    """The configuration of the edge, in plaintext."""
    resources = config["static_resources"]
    assert resources["listeners"][0]["filter_chains"][0].pop("transport_socket")["name"] == "envoy.transport_sockets.tls"
    assert resources["clusters"][0].pop("transport_socket")["name"] == "envoy.transport_sockets.tls"
    return config


def test_the_edge_is_the_plain_envoy_with_tls():
    plain, edge = (yaml.safe_load((CONFIGURATIONS / "envoy" / name).read_text(encoding="utf-8")) for name in ("envoy.yaml", "edge.yaml"))
    assert without_tls(edge) == plain


def test_any_replica_answers_for_a_video(fleet, caller):
    names = [caller.create(seed=seed).name for seed in range(2 * REPLICAS)]
    films = [caller.await_end(name) for name in names]
    accepted = [sum(entry["event"] == "job_accepted" for entry in replica.server.log()) for replica in fleet.replicas]
    assert min(accepted) >= 2, "the proxy does not give calls to all replicas in turn"
    for film in films:
        copies = {caller.download(film.name) for _ in range(REPLICAS)}  # each from another replica
        assert [hashlib.sha256(copy).digest() for copy in copies] == [film.result.sha256]
        assert all(caller.get(film.name) == film for _ in range(REPLICAS))


def test_a_connection_takes_many_calls_that_nobody_reads(caller):
    name = caller.make(frame_count=24).name
    unread = [caller.download_stream(name) for _ in range(150)]
    assert caller.get(name).name == name
    for each in unread:
        each.cancel()


def test_tenants_are_told_apart_behind_the_edge(fleet, proxy, caller):
    other = fleet.caller(proxy, fleet.new_token_of_all("press"))
    name = caller.make().name
    for _ in range(REPLICAS):
        other.assert_refused(grpc.StatusCode.NOT_FOUND, "NOT_FOUND", lambda: other.get(name))
        assert caller.get(name).name == name
    assert not other.list().videos


def test_the_edge_lets_nobody_in_without_a_certificate(fleet, proxy, tmp_path):
    stranger = Authority(tmp_path, "stranger").sign("eve", "DNS:eve")
    for caller in (fleet.caller(proxy, pair=stranger), fleet.caller(proxy, pair=(None, None))):
        with pytest.raises(grpc.RpcError) as error:
            caller.get("videos/x")
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE


def test_a_call_without_a_token_counts_as_the_proxys(fleet, proxy):
    """The certificate that the servers see is its own."""
    name = fleet.caller(proxy, token=NO_TOKEN).make().name
    (tenant,) = (entry["tenant"] for replica in fleet.replicas for entry in replica.server.log()
                 if entry["event"] == "job_accepted" and entry["job"] == name.removeprefix("videos/"))
    assert tenant == "edge"


def test_a_wrong_token_is_refused_with_its_reason(fleet, proxy):
    wrong = fleet.caller(proxy, token="wrong")
    wrong.assert_refused(grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID", lambda: wrong.get("videos/x"))


def test_metadata_that_are_too_large_end_nobody_elses_stream(fleet, proxy, caller):
    """The proxies let them not through: gRPC may close a connection on which they come, and replicas share theirs."""
    hostile = fleet.caller(proxy)
    ask = caller.messages.GetCapabilitiesRequest()
    assert hostile.service.GetCapabilities(ask, metadata=[("x-large", "v" * 4000)]).model
    busy = [caller.create(frame_count=120, steps=100, seed=seed).name for seed in range(30)]
    streams = [caller.watch(name) for name in busy[-2 * REPLICAS:]]
    for metadata in ([("x-large", "v" * 7900)], [(f"x-{number}", "v" * 100) for number in range(45)]) * 20:
        with pytest.raises(grpc.RpcError):
            hostile.service.GetCapabilities(ask, metadata=metadata)
    for name in reversed(busy):
        caller.cancel(name)
    assert {kinds(stream)[-1] for stream in streams} <= {"completed", "failed"}


def test_streams_outlast_default_timeouts(fleet):
    """Of a video that waits behind others for so long, through both proxies at once."""
    first, second = (fleet.caller(name) for name in PROXIES)
    busy = [first.create(frame_count=120, steps=100, seed=seed).name for seed in range(130)]
    begin = time.monotonic()
    name = first.create(priority=first.video.PRIORITY_LOW).name
    streams = [first.watch(name), second.watch(name)]
    for event in streams[0]:
        if time.monotonic() > begin + LONGEST_DEFAULT_S:
            break
    assert event.WhichOneof("event") == "queued", "too few videos are before it"
    for each in reversed(busy):
        first.cancel(each)
    assert [kinds(stream)[-1] for stream in streams] == ["completed", "completed"]


class Persistent:
    """A caller that goes on over whatever breaks, as far as docs/api.md lets it."""

    def __init__(self, caller, stubs):
        self._caller = caller
        self._stubs = stubs
        self.breaks = 0
        self.accepted = 0

    def _may_go_on(self, error):
        self.breaks += 1
        return may_stream_again(error.code(), details_of(self._stubs, error))

    def generate(self, request):
        """The film of a GenerateVideo that is sent again until it ends."""
        while True:
            data = bytearray()
            try:
                for event in self._caller.generate_stream(request):
                    self.accepted += event.WhichOneof("event") == "accepted"
                    if event.WhichOneof("event") == "chunk":
                        assert event.chunk.offset == len(data)
                        data += event.chunk.data
                    elif event.WhichOneof("event") == "completed":
                        return bytes(data)
                raise AssertionError("a stream ended in order, and without an end")
            except grpc.RpcError as error:
                assert self._may_go_on(error), error

    def finish_download(self, name, data, chunks):
        """Reads `chunks`, and goes on behind `data` where they break off."""
        while True:
            try:
                for chunk in chunks:
                    assert chunk.offset == len(data)
                    data += chunk.data
                    if chunk.last and chunk.sha256:
                        assert hashlib.sha256(data).digest() == chunk.sha256
                        return bytes(data)
            except grpc.RpcError as error:
                assert self._may_go_on(error), error
            chunks = self._caller.download_stream(name, len(data))


def start_streams(caller, persistent, pool):
    """Films that come through open streams, of which each replica has some, by their requests."""
    requests = [caller.request(frame_count=120, steps=100, seed=seed, request_id=str(uuid.uuid4())) for seed in range(6 * REPLICAS)]
    films = [(request, pool.submit(persistent.generate, request)) for request in requests]
    await_true(lambda: persistent.accepted == len(films))
    fields = {"frame_count": 120, "steps": 10, "priority": caller.video.PRIORITY_HIGH}
    name = caller.create(**fields).name
    for chunks in (caller.download_early(name), *(caller.download_stream(name) for _ in range(REPLICAS))):
        data = bytearray(next(chunks).data)
        films.append((caller.request(**fields), pool.submit(persistent.finish_download, name, data, chunks)))
    return films


def test_nothing_is_lost_with_a_replica_that_dies(fleet):
    """GenerateVideo goes on when it is sent again, a download from the byte that is there."""
    victim = fleet.replicas[0]
    callers = [fleet.caller(name) for name in PROXIES]
    persistent = [Persistent(caller, fleet.stubs) for caller in callers]
    with futures.ThreadPoolExecutor(100) as pool:
        films = [film for pair in zip(callers, persistent) for film in start_streams(*pair, pool)]
        victim.kill()
        await_true(lambda: all(proxy.healthy() == REPLICAS - 1 for proxy in fleet.proxies.values()))
        for caller in callers:
            for seed in range(2 * REPLICAS):  # nothing goes to the one that is ejected
                assert caller.create(seed=seed).name
        made = [(request, film.result()) for request, film in films]
    assert all(each.breaks > 0 for each in persistent)
    victim.start()
    fleet.await_all()
    caller = fleet.caller("envoy")
    for request, film in made:
        request.request_id = ""
        assert film == caller.download(caller.await_end(caller.create_from(request).name).name)


def test_a_replica_that_drains_costs_no_caller_anything(fleet, caller):
    """Its calls end with DRAINING or not at all, and new ones go to the others."""
    victim = fleet.replicas[1]
    persistent = Persistent(caller, fleet.stubs)
    requests = [caller.request(frame_count=24, seed=seed, request_id=str(uuid.uuid4())) for seed in range(4)]
    with futures.ThreadPoolExecutor(len(requests)) as pool:
        films = [pool.submit(persistent.generate, request) for request in requests]
        victim.drain()
        assert all(caller.create(seed=seed).name for seed in range(2 * REPLICAS))
        whole = [film.result() for film in films]
    assert not victim.troubles
    assert all(whole)
    victim.start()
    fleet.await_all()


@contextlib.contextmanager
def dying_backends(folder):
    """Servers that end when they are sent CreateVideo, and the file in which they write that it came."""
    ports, file = free_ports(REPLICAS), folder / "calls"
    started = [subprocess.Popen([sys.executable, "-B", BACKEND, str(port), file]) for port in ports]
    try:
        yield [f"127.0.0.1:{port}" for port in ports], file
    finally:
        for each in started:
            each.kill()
            each.wait()


def test_a_call_that_reached_a_replica_is_not_sent_again(proxy, tmp_path, stubs):
    """For it may have been kept there, and the proxy does not know whether it has a request_id."""
    with dying_backends(tmp_path) as (addresses, file), \
            contextlib.closing(PROXIES[proxy](tmp_path / proxy, addresses)) as opened:
        await_true(lambda: opened.healthy() == REPLICAS)
        with contextlib.closing(Caller(opened.address, stubs, FAKE_PICTURE)) as caller:
            with pytest.raises(grpc.RpcError) as error:
                caller.create()
        assert may_call_again(error.value.code(), details_of(stubs, error.value))
        assert len(file.read_text(encoding="ascii").splitlines()) == 1


def test_a_replica_that_is_not_ready_gets_no_calls(proxy, tmp_path, stubs, fleet):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        addresses = [f"127.0.0.1:{silent.getsockname()[1]}", *(replica.address for replica in fleet.replicas[:1])]
        with contextlib.closing(PROXIES[proxy](tmp_path / proxy, addresses, fleet.edge)) as opened:
            await_true(lambda: opened.healthy() == 1)
            caller = fleet.caller_at(opened.address)
            assert all(caller.create(seed=seed).name for seed in range(3))
