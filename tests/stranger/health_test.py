"""grpc.health.v1 over the client that gRPC ships for it, and over grpcurl."""

import json
import pathlib
import subprocess
import sys

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from programs import DEADLINE_S

SERVICES = ("", "ruyi.v1.VideoService")
GRPCURL = pathlib.Path(sys.executable).with_name("grpcurl")


@pytest.fixture(scope="module")
def health(channel):
    return health_pb2_grpc.HealthStub(channel)


@pytest.mark.parametrize("service", SERVICES)
def test_check(health, service):
    answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=DEADLINE_S)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_check_of_an_unknown_service(health):
    with pytest.raises(grpc.RpcError) as error:
        health.Check(health_pb2.HealthCheckRequest(service="ruyi.v1.Other"), timeout=DEADLINE_S)
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("service", SERVICES)
def test_watch(health, service):
    watch = health.Watch(health_pb2.HealthCheckRequest(service=service), timeout=DEADLINE_S)
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    watch.cancel()


@pytest.mark.parametrize("service", SERVICES)
def test_grpcurl(server, service):
    run = subprocess.run([GRPCURL, "-plaintext", "-d", json.dumps({"service": service}), server.address(),
                          "grpc.health.v1.Health/Check"], capture_output=True, text=True, timeout=DEADLINE_S)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {"status": "SERVING"}
