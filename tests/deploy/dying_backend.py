"""A server of VideoService that dies of its first CreateVideo, after it has written down that the call came.

dying_backend.py PORT FILE
"""

import os
import pathlib
import sys

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from concurrent import futures

SERVICE = "ruyi.v1.VideoService"


def main():
    port, file = sys.argv[1:]

    def create_video(_, __):
        with open(file, "a", encoding="ascii") as calls:
            calls.write(f"{port}\n")
        os._exit(1)

    server = grpc.server(futures.ThreadPoolExecutor(4))
    handlers = {"CreateVideo": grpc.unary_unary_rpc_method_handler(create_video)}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
    servicer = health.HealthServicer()
    servicer.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
