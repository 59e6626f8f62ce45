"""That the soak sees what it looks for: with a server to which nothing happens, and expectations that are wrong on purpose.

soak_self_test.py RUYI_SOAK_SERVER
"""

import argparse
import contextlib
import dataclasses
import os
import pathlib
import sys
import tempfile
import threading
import tracemalloc
import unittest
import uuid
from unittest import mock

import soak  # finds the modules below
import grpc
from callers import Caller, Connection, Job, NotCovered
from programs import Lines, TimedOut
from verdict import DUPLICATED, LOST, WRONG_BYTES

SERVER = pathlib.Path(sys.argv.pop())
JOBS = 4


def row_of(folder):
    options = argparse.Namespace(server=SERVER, model=None, jobs=JOBS, seed=1, faults=["none"])
    return soak.soak(options, pathlib.Path(folder))["none"]


class SoakSelfTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_sees_wrong_bytes(self):
        right = soak.reference_of

        def flipped(*arguments):
            return {recipe: data[:-1] + bytes([data[-1] ^ 1]) for recipe, data in right(*arguments).items()}

        with mock.patch.object(soak, "reference_of", flipped):
            row = row_of(self.folder)
        self.assertEqual(row[WRONG_BYTES], JOBS)
        self.assertEqual(len(row["findings"]), JOBS)

    def test_sees_jobs_that_are_gone(self):
        right = soak.Workload.request

        def of_another_id(workload, job):
            request = right(workload, job)
            request.request.request_id = str(uuid.uuid5(uuid.NAMESPACE_OID, job.request_id))
            return request

        with mock.patch.object(soak.Workload, "request", of_another_id):
            self.assertEqual(row_of(self.folder)[LOST], JOBS)

    def test_sees_duplicates(self):
        right = soak.Caller._create

        def create_twice(caller, job, rng):
            right(caller, job, rng)
            again = dataclasses.replace(job, request_id=str(uuid.uuid4()), names=set())
            right(caller, again, rng)
            job.names |= again.names

        with mock.patch.object(soak.Caller, "_create", create_twice):
            self.assertEqual(row_of(self.folder)[DUPLICATED], JOBS)

    def test_sees_errors_that_no_caller_would_try_again_after(self):
        connection = Connection(mock.Mock(), None, call_s=1)
        caller = Caller(connection, None, threading.Event(), seed=1)
        for is_covered, code in ((True, grpc.StatusCode.UNAVAILABLE), (False, grpc.StatusCode.INTERNAL),
                                 (False, grpc.StatusCode.RESOURCE_EXHAUSTED)):  # without RetryInfo
            with mock.patch.object(connection, "service", side_effect=PlainError(code)):
                with contextlib.nullcontext() if is_covered else self.assertRaises(NotCovered):
                    self.assertIsNone(caller._attempt(Job(0, None, ""), lambda service: service))


class JobTest(unittest.TestCase):
    def test_shares_the_bytes_of_a_right_video_alone(self):
        right = bytes(b"film")
        whole, part, wrong = (Job(0, None, "", data=bytearray(data)) for data in (b"film", b"fil", b"filn"))
        for job in (whole, part, wrong):
            job.share(right)
        self.assertIs(whole.data, right)
        self.assertEqual((part.data, wrong.data), (b"fil", b"filn"))


class PlainError(grpc.RpcError):
    """As a proxy makes it: without details."""

    def __init__(self, code):
        super().__init__()
        self.code = lambda: code
        self.details = lambda: "made on the way"
        self.trailing_metadata = lambda: ()


class LinesTest(unittest.TestCase):
    def setUp(self):
        reader, writer = os.pipe()
        self.writer = open(writer, "w", encoding="utf-8")
        self.addCleanup(self.writer.close)
        self.lines = Lines(open(reader, encoding="utf-8"))

    def end(self):
        self.writer.close()
        self.lines.await_end()

    def test_gives_lines_as_they_come_and_later(self):
        print("one\nzwölf", file=self.writer, flush=True)
        self.assertEqual(self.lines.await_line(lambda line: "w" in line, "twelve"), "zwölf")
        print("\nlast", end="", file=self.writer)
        self.end()
        self.assertEqual(list(self.lines), ["one", "zwölf", "", "last"])
        self.assertEqual(self.lines.await_line(lambda line: line == "one", "one"), "one")
        self.assertEqual(self.lines.tail(6), "\nlast\n")
        self.assertEqual(self.lines.tail(1000), "one\nzwölf\n\nlast\n")

    def test_says_what_came_in_place_of_what_was_wanted(self):
        print("other", file=self.writer)
        self.end()
        with self.assertRaisesRegex(TimedOut, "no wonder at the end of:\nother"):
            self.lines.await_line(lambda line: False, "wonder")

    def test_keeps_no_line_in_memory(self):
        line = 1000 * "x"
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for _ in range(10_000):
            print(line, file=self.writer)
        self.end()
        self.assertEqual(sum(1 for _ in self.lines), 10_000)
        self.assertLess(tracemalloc.get_traced_memory()[1], 1_000_000)


if __name__ == "__main__":
    unittest.main()
