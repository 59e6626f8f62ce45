"""Writes what servers of this version leave in their stores, for tests of later versions (tests/deploy/upgrade_test.py): a dump
of the database, and the bytes beside it. All jobs are of one recipe, so that what is made later has the bytes of what was
made before. To be run before a step is added to a released schema.

dump_store.py --server build/dev/bin/ruyi-soak-server --out tests/data/postgres_schema_1
"""

import argparse
import contextlib
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile

import grpc

import paths  # noqa: F401  (finds the modules below)
from bucket import free_ports
from callers import Recipe, make_jobs
from postgres import PROGRAMS, Postgres
from proto_stubs import make_stubs
from replicas import Replica
from soak import Workload

RECIPE = Recipe(seed=7, frame_count=8, steps=40)
TEN_YEARS_S = 10 * 365 * 86400  # the most that a server takes: nothing in the dump gets too old
WAITING = 6


def fill(caller, workload, jobs):
    """Leaves one job that is made, one that was cancelled, some that are being made and some that wait, with labels."""
    service, messages = caller
    made, cancelled, *others = jobs
    name = service.CreateVideo(workload.request(made)).name
    list(service.WatchVideo(messages.WatchVideoRequest(name=name)))
    for job in (*others, cancelled):
        request = workload.request(job)
        request.request.labels["number"] = str(job.number)
        job.names.add(service.CreateVideo(request).name)
    service.CancelVideo(messages.CancelVideoRequest(name=cancelled.name))
    for event in service.WatchVideo(messages.WatchVideoRequest(name=others[0].name)):
        if event.WhichOneof("event") == "progress" and event.progress.step > 2:
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as exits:
        folder = pathlib.Path(name)
        postgres = Postgres(free_ports(1)[0])
        exits.callback(postgres.close)
        (folder / "stubs").mkdir()
        stubs = make_stubs(folder / "stubs")
        workload = Workload(argparse.Namespace(model=None), stubs)
        replica = Replica(options.server.resolve(), folder / "replica", {
            **workload.flags, "--result-ttl": TEN_YEARS_S, "--store": postgres.new_database("dump"), "--artifacts": folder / "artifacts"})
        exits.callback(replica.close)
        replica.start()
        service = stubs.video_service_pb2_grpc.VideoServiceStub(grpc.insecure_channel(replica.address))
        fill((service, stubs.video_service_pb2), workload, make_jobs(random.Random(1), [RECIPE], 2 + WAITING))
        replica.kill()
        options.out.mkdir(parents=True)
        dump = subprocess.run([PROGRAMS[-1] / "pg_dump", "--no-owner", "--no-privileges", postgres.url("dump")], check=True,
                              capture_output=True, text=True).stdout
        (options.out / "dump.sql").write_text(dump.replace(socket.gethostname(), "host"), encoding="utf-8")
        shutil.make_archive(str(options.out / "artifacts"), "xztar", folder / "artifacts")


if __name__ == "__main__":
    main()
