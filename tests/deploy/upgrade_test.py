"""Servers that find the stores of an earlier version: one of them brings the database to the schema of today, while others
start beside it and callers are there already. tests/fleet/dump_store.py wrote what is restored here.

Run by the Python of .deps/venv, which has gRPC."""

import contextlib
import hashlib
import pathlib
import shutil
import sys
import threading
import uuid

import grpc
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fleet"))

import paths  # noqa: E402  (finds the modules below)
from bucket import free_ports  # noqa: E402
from caller import Caller, kinds  # noqa: E402
from dump_store import RECIPE, TEN_YEARS_S, WAITING  # noqa: E402
from postgres import Postgres  # noqa: E402
from proto_stubs import make_stubs  # noqa: E402
from replicas import Replica  # noqa: E402
from retry_rules import details_of, may_call_again  # noqa: E402
from soak import FAKE_PICTURE  # noqa: E402

DUMPS = sorted((paths.ROOT / "tests" / "data").glob("postgres_schema_*"))


class Impatient(Caller):
    """Asks for the dump's recipe while its server starts, again and again until there is an answer."""

    def create_at_last(self, request_id):
        while True:
            try:
                return self.create(request_id=request_id).name
            except grpc.RpcError as error:
                assert may_call_again(error.code(), details_of(self.stubs, error)), error

    def request(self, **fields):
        """Of the recipe of the dump."""
        image = self.messages.ImageInput(data=self.photo)
        return self.messages.GenerateVideoRequest(**{
            "start_images": [image], "size": self.video.Size(width=256, height=256), "frame_count": RECIPE.frame_count,
            "steps": RECIPE.steps, "seed": RECIPE.seed, **fields})


@pytest.fixture
def postgres():
    with contextlib.closing(Postgres(free_ports(1)[0])) as opened:
        yield opened


@pytest.mark.parametrize("dump", DUMPS, ids=lambda folder: folder.name)
def test_jobs_go_on_with_the_servers_of_today(dump, postgres, binaries, tmp_path):
    store = postgres.new_database("dump")
    postgres.query("dump", (dump / "dump.sql").read_text(encoding="utf-8"))
    shutil.unpack_archive(dump / "artifacts.tar.xz", tmp_path / "artifacts")
    (tmp_path / "stubs").mkdir()
    stubs = make_stubs(tmp_path / "stubs")
    flags = {"--model": paths.ROOT / "tests" / "soak", "--queue-capacity": 1000, "--store": store,
             "--artifacts": tmp_path / "artifacts", "--record-ttl": TEN_YEARS_S, "--input-ttl": TEN_YEARS_S}
    with contextlib.ExitStack() as exits:
        replicas = [Replica(binaries / "ruyi-soak-server", tmp_path / f"replica-{number}", flags) for number in range(3)]
        callers = [Impatient(replica.address, stubs, FAKE_PICTURE) for replica in replicas]
        names = []
        threads = [threading.Thread(target=lambda caller=caller: names.append(caller.create_at_last(str(uuid.uuid4()))))
                   for caller in callers]
        for each in (*replicas, *callers):
            exits.callback(each.close)
        for thread in threads:
            thread.start()
        for replica in replicas:
            replica.begin()
        for thread in threads:
            thread.join()
        check_dump(callers, names)
        version = int(dump.name.rpartition("_")[2])
        assert int(postgres.query("dump", "SELECT version FROM ruyi_schema")[0][0]) >= version


def check_dump(callers, new_names):
    caller = callers[0]
    assert len(new_names) == len(callers)
    videos = {video.name: video for video in caller.list().videos}
    old = {name: video for name, video in videos.items() if name not in new_names}
    assert len(old) == 2 + WAITING
    (made,) = (video for video in old.values() if not video.labels)
    film = caller.download(made.name)
    assert made.state == caller.state("SUCCEEDED") and hashlib.sha256(film).digest() == made.result.sha256
    assert [video.name for video in caller.list(labels={"number": "1"}).videos] == [
        name for name, video in old.items() if video.state == caller.state("CANCELLED")]
    resumed = 0
    for name, other in zip(videos, callers * len(videos)):
        events = list(other.watch(name))
        resumed += "resumed" in kinds(events)
        if name in new_names or videos[name].state != caller.state("CANCELLED"):
            assert kinds(events)[-1] == "completed" and other.download(name) == film
    assert resumed > 0, "no job went on from its checkpoint"
