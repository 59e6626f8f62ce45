"""What a client without protos learns from reflection."""

import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

METHODS = {"ruyi.v1.VideoService": {"GenerateVideo", "EstimateVideo", "GetCapabilities"},
           "grpc.health.v1.Health": {"Check", "Watch"}}


@pytest.fixture(scope="module")
def database(channel):
    return ProtoReflectionDescriptorDatabase(channel)


def test_lists_the_services(database):
    assert METHODS.keys() <= set(database.get_services())


@pytest.mark.parametrize("service", METHODS)
def test_describes_each_service(database, service):
    described = DescriptorPool(database).FindServiceByName(service)
    assert METHODS[service] <= {method.name for method in described.methods}
    for method in described.methods:
        assert method.input_type.full_name and method.output_type.full_name
