"""Runs the built ruyi-server and ruyi-client as their users do: videos, wrong inputs, Ctrl-C, kill, shutdown.

usage: end_to_end.py BIN_FOLDER REPOSITORY_ROOT
"""

import base64
import contextlib
import fractions
import functools
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

from programs import ANY_PORT, DEADLINE_S, Client, Server, await_ports, clean_environment

BIN = pathlib.Path(sys.argv.pop(1))
ROOT = pathlib.Path(sys.argv.pop(1))
MODEL = ROOT / "models" / "ruyi-tiny"
PHOTO = ROOT / "tests" / "data" / "photo.jpg"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SHORT = ["--frames", "8", "--steps", "3", "--seed", "7"]
LONG = ["--frames", "8", "--steps", "40", "--json"]  # long enough for something to happen in the middle


class EndToEndTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def files(self):
        return sorted(path.name for path in self.folder.iterdir())

    def client(self, server, *arguments):
        client = Client(BIN / "ruyi-client", server.address(), arguments)
        self.addCleanup(client.kill)
        return client

    def generate(self, server, name, *flags, image=PHOTO):
        """Starts to make the video `name` in the test's folder."""
        size = () if "--size" in flags else ("--size", "160x96")
        return self.client(server, "generate", "--image", str(image), "--out", str(self.folder / name), *size, *flags)

    def make(self, server, name, *flags):
        """Makes a video, and returns the bytes of the file."""
        client = self.generate(server, name, *flags)
        self.assertEqual(client.exit_code(), 0, client.errors())
        return (self.folder / name).read_bytes()

    def assert_film(self, name, frames):
        """That the file is a whole film of the demo's size, without a word of complaint from FFmpeg."""
        probe = subprocess.run(
            ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(self.folder / name)],
            capture_output=True, text=True, timeout=DEADLINE_S, check=True)
        self.assertEqual(probe.stderr, "")
        streams = json.loads(probe.stdout)["streams"]
        self.assertEqual(len(streams), 1)
        film = streams[0]
        shown = [film[key] for key in ("codec_name", "profile", "pix_fmt", "width", "height", "r_frame_rate")]
        self.assertEqual(shown, ["h264", "High", "yuv420p", 160, 96, "24/1"])
        self.assertEqual(int(film["nb_read_frames"]), frames)
        duration = film["duration_ts"] * fractions.Fraction(film["time_base"])
        self.assertEqual(duration, fractions.Fraction(frames, 24))


@functools.cache
def calibration_file():
    """The file of all servers here, so that only the first start measures the machine."""
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    return pathlib.Path(folder.name) / "calibration.json"


def spoilt_calibration(path):
    """Lets a calibration predict so much that any video takes less than a thousandth of it: the least that is learnt."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    for calibration in kept.values():
        calibration["clip_seconds"] = 1e9
        calibration.pop("time_ratios", None)
    return json.dumps(kept)


def start_server(folder, **flags):
    """With the demo model. A flag's '-' is '_' here."""
    named = {"--" + name.replace("_", "-"): value for name, value in flags.items()}
    return Server(BIN / "ruyi-server", folder,
                  {"--model": MODEL, "--calibration-file": calibration_file(), **named})


def await_ready(server):
    """Until the server takes requests; returns what `ruyi-client capabilities` says."""
    server.await_log("ready")
    client = Client(BIN / "ruyi-client", server.address(), ["capabilities", "--json"])
    if client.exit_code() != 0:
        raise AssertionError(client.errors())
    return json.loads(next(iter(client.stdout)))


class OneServerTest(EndToEndTest):
    """What a server outlives: one for all of these tests."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.server = start_server(folder.name)
        cls.addClassCleanup(cls.server.kill)
        cls.capabilities = await_ready(cls.server)

    def assert_refused(self, client, code, *words):
        """That the client ends with `code`, says `words` and leaves no file."""
        self.assertEqual(client.exit_code(), code, client.errors())
        for word in words:
            self.assertIn(word, client.errors())
        self.assertEqual(list(client.stdout), [])
        self.assertEqual([name for name in self.files() if "film" in name], [])

    def test_capabilities_are_those_of_the_model(self):
        self.assertEqual(self.capabilities["model"], "ruyi-tiny")
        self.assertEqual(self.capabilities["limits"]["frame_count"], {"min": 8, "max": 24, "default": 24})
        client = self.client(self.server, "capabilities")
        self.assertEqual(client.exit_code(), 0)
        self.assertRegex("\n".join(client.stdout), r"model +ruyi-tiny\n")

    def test_a_video_with_its_events_and_its_sheet(self):
        client = self.generate(self.server, "film.mp4", *SHORT, "--json", "--sheet", str(self.folder / "sheet.png"))
        self.assertEqual(client.exit_code(), 0, client.errors())
        self.assertEqual(client.errors(), "")
        self.assertEqual(self.files(), ["film.mp4", "sheet.png"])
        self.assertTrue((self.folder / "sheet.png").read_bytes().startswith(PNG_SIGNATURE))
        self.assert_film("film.mp4", 8)
        self.assert_whole(client.events(), (self.folder / "film.mp4").read_bytes())

    def assert_whole(self, events, film):
        """That the events are those of a video from the first to the last, and speak of this file."""
        seqs = [int(event["seq"]) for event in events if event["seq"] != "0"]
        self.assertEqual(seqs, sorted(set(seqs)))
        self.assertEqual(events[0]["accepted"]["video"]["settings"]["seed"], "7")
        result = events[-1]["completed"]["video"]["result"]
        self.assertEqual(int(result["size_bytes"]), len(film))
        self.assertEqual(base64.b64decode(result["sha256"]), hashlib.sha256(film).digest())
        phases = {event["progress"]["phase"] for event in events if "progress" in event}
        self.assertEqual(phases, {"PHASE_CONDITIONING", "PHASE_DENOISING", "PHASE_DECODING"})

    def test_an_estimate_is_what_a_video_takes(self):
        client = self.client(self.server, "estimate", "--image", str(PHOTO), *SHORT, "--json")
        self.assertEqual(client.exit_code(), 0, client.errors())
        estimate = json.loads(next(iter(client.stdout)))
        modes = estimate["modes"]
        fitting = [index for index, mode in enumerate(modes) if mode["fits"]]
        self.assertIn(estimate["chosen"], fitting)
        for mode in modes:
            self.assertGreater(float(mode["predicted_time"].removesuffix("s")), 0)
            self.assertEqual(len(mode["stages"]), 5)
        peaks = [int(mode["predicted_mib"]) for mode in modes]
        self.assertEqual(peaks, sorted(peaks, reverse=True))
        self.assertEqual(estimate["settings"]["seed"], "7")
        plan = self.plan_of("film.mp4", *SHORT)
        self.assertEqual(plan["mode"], modes[estimate["chosen"]]["mode"])

    def plan_of(self, name, *flags):
        """Makes a video, and returns the plan of its memory."""
        client = self.generate(self.server, name, *flags, "--json")
        self.assertEqual(client.exit_code(), 0, client.errors())
        return client.events()[0]["accepted"]["video"]["plan"]

    def test_an_estimate_as_a_table(self):
        client = self.client(self.server, "estimate", "--image", str(PHOTO), "--vram", "1TB")
        self.assertEqual(client.exit_code(), 2)
        client = self.client(self.server, "estimate", "--image", str(PHOTO), "--vram", "64GB")
        self.assertEqual(client.exit_code(), 0, client.errors())
        self.assertRegex("\n".join(client.stdout), r"budget 65536 MiB[^*]*\n\* [^\n]* yes [^*]*\nchosen \(\*\)")

    def test_a_ceiling_that_nothing_fits(self):
        self.assert_refused(self.generate(self.server, "film.mp4", *SHORT, "--max-vram", "1"), 3, "VRAM_BUDGET",
                            "blocks", "of 1 MiB")

    def test_more_blocks_than_the_model_has(self):
        self.assert_refused(self.generate(self.server, "film.mp4", "--resident-blocks", "999"), 3, "INVALID_REQUEST",
                            "--resident-blocks", "999")

    def test_the_same_seed_gives_the_same_bytes(self):
        first = self.make(self.server, "first.mp4", *SHORT)
        self.assertEqual(self.make(self.server, "second.mp4", *SHORT), first)
        self.assertNotEqual(self.make(self.server, "third.mp4", *SHORT[:-1], "8"), first)

    def test_a_picture_that_is_not_there(self):
        picture = self.folder / "none.jpg"
        self.assert_refused(self.generate(self.server, "film.mp4", image=picture), 5, "--image", str(picture))

    def test_a_text_in_place_of_a_picture(self):
        text = self.folder / "text.jpg"
        text.write_text("not a picture\n", encoding="utf-8")
        self.assert_refused(self.generate(self.server, "film.mp4", image=text), 3, "INVALID_REQUEST", "--image")

    def test_a_number_of_frames_off_the_grid(self):
        self.assert_refused(self.generate(self.server, "film.mp4", "--frames", "7"), 3, "INVALID_REQUEST",
                            "--frames", "8")

    def test_a_size_that_the_model_does_not_have(self):
        self.assert_refused(self.generate(self.server, "film.mp4", "--size", "100x100"), 3, "INVALID_REQUEST",
                            "--size", "160x96")

    def test_an_unknown_camera(self):
        self.assert_refused(self.generate(self.server, "film.mp4", "--camera", "sideways"), 2, "--camera", "sideways")

    def test_two_clients_at_once(self):
        first = self.generate(self.server, "first.mp4", *LONG)
        first.await_denoising()
        second = self.generate(self.server, "second.mp4", "--frames", "24", "--steps", "3", "--json")
        second.await_event(lambda event: event.get("queued", {}).get("position") == 1, "queued behind the first")
        self.assertEqual([first.exit_code(), second.exit_code()], [0, 0])
        self.assert_film("first.mp4", 8)
        self.assert_film("second.mp4", 24)

    def test_control_c_cancels_the_job_and_leaves_nothing(self):
        client = self.generate(self.server, "film.mp4", *LONG)
        job = client.await_denoising()
        client.signal(signal.SIGINT)
        self.assertEqual(client.exit_code(), 130)
        self.assertIn("interrupted", client.errors())
        self.assertEqual(self.files(), [])
        self.assert_cancelled(job)

    def test_a_killed_client_leaves_a_job_that_another_goes_on_with(self):
        client = self.generate(self.server, "film.mp4", *LONG)
        client.await_denoising()
        client.kill()
        self.assertNotIn("film.mp4", self.files())
        other = self.client(self.server, "download", "--resume", "--out", str(self.folder / "film.mp4"))
        self.assertEqual(other.exit_code(), 0, other.errors())
        self.assertEqual(self.files(), ["film.mp4"])
        self.assert_film("film.mp4", 8)

    def assert_cancelled(self, job):
        """That the server has given the job up before its end, and goes on with the next."""
        failed = self.server.await_log("job_failed", job=job)
        self.assertEqual(failed["reason"], "CANCELLED_BY_CALLER")
        self.make(self.server, "next.mp4", *SHORT)

    def test_a_port_in_use_is_an_error(self):
        for flag, port in zip(("listen", "metrics_listen", "admin_listen", "admin_page"), self.server.ports(), strict=True):
            with self.subTest(flag):
                other = start_server(self.folder, **{flag: f"127.0.0.1:{port}"})  # with a state folder of its own
                self.addCleanup(other.kill)
                self.assertEqual(other.exit_code(), 1)
                message = other.await_log("cannot_start")["message"]
                self.assertIn(f"cannot listen on 127.0.0.1:{port}", message)
                self.assertIn("--" + flag.replace("_", "-"), message)
                self.assertFalse(other.port_file.exists())


class ShutdownTest(EndToEndTest):
    """What ends a server: each of these tests has its own."""

    def start(self, **flags):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        server = start_server(folder.name, **flags)
        self.addCleanup(server.kill)
        return server

    def events_of_log(self, server):
        return [entry["event"] for entry in server.log()]

    def test_sigterm_lets_the_job_finish(self):
        state = self.folder / "state"
        server = self.start(drain_timeout=DEADLINE_S, state_dir=state)
        await_ready(server)
        client = self.generate(server, "film.mp4", *LONG)
        client.await_denoising()
        address = server.address()
        self.assertEqual(server.terminate(), 0)
        self.start(listen=address, state_dir=state)  # for a client that did not have all bytes when the first ended
        self.assertEqual(client.exit_code(), 0, client.errors())
        self.assert_film("film.mp4", 8)
        self.assertEqual(self.events_of_log(server)[-4:], ["signal", "draining", "job_completed", "stopped"])
        self.assertEqual({entry["level"] for entry in server.log()}, {"info"})

    def test_a_job_goes_on_in_the_next_server(self):
        state = self.folder / "state"
        first = self.start(drain_timeout=0, state_dir=state)
        await_ready(first)
        client = self.generate(first, "film.mp4", *LONG, "--seed", "7")
        client.await_denoising()
        address = first.address()
        self.assertEqual(first.terminate(), 0)
        self.assertNotIn("job_failed", self.events_of_log(first))
        self.assertEqual(self.events_of_log(first)[-1], "stopped")
        second = self.start(listen=address, state_dir=state)
        self.assertEqual(client.exit_code(), 0, client.errors())
        self.assertEqual(client.events()[-1]["completed"]["video"]["usage"]["resumes"], 1)
        self.assertEqual(self.make(second, "again.mp4", *LONG, "--seed", "7"),
                         (self.folder / "film.mp4").read_bytes())

    def predicted_seconds(self, server):
        client = self.client(server, "estimate", "--image", str(PHOTO), *SHORT, "--json")
        self.assertEqual(client.exit_code(), 0, client.errors())
        estimate = json.loads(next(iter(client.stdout)))
        return float(estimate["modes"][estimate["chosen"]]["predicted_time"].removesuffix("s"))

    def test_predicted_times_follow_the_videos_over_restarts(self):
        if not calibration_file().exists():
            measuring = self.start()
            await_ready(measuring)
            self.assertEqual(measuring.terminate(), 0)
        slow = self.folder / "calibration.json"
        slow.write_text(spoilt_calibration(calibration_file()), encoding="utf-8")
        server = self.start(calibration_file=slow)
        await_ready(server)
        calibrated = self.predicted_seconds(server)
        for video in range(3):
            self.make(server, f"film{video}.mp4", *SHORT)
        learnt = self.predicted_seconds(server)
        self.assertAlmostEqual(learnt / calibrated, 1e-3, delta=1e-9)
        self.assertEqual(server.terminate(), 0)
        later = self.start(calibration_file=slow)
        await_ready(later)
        self.assertEqual(self.predicted_seconds(later), learnt)

    def test_threads_that_wait_sleep_unless_the_caller_wants_them_to_spin(self):
        environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
        for policy, spins in (({}, "0"), ({"OMP_WAIT_POLICY": "active"}, "30000000000")):
            run = subprocess.run([BIN / "ruyi-server", "--version"], capture_output=True, text=True, check=True,
                                 timeout=DEADLINE_S, env={**environment, "OMP_DISPLAY_ENV": "verbose", **policy})
            self.assertIn(f"GOMP_SPINCOUNT = '{spins}'", run.stderr)

    def test_a_port_file_that_cannot_be_written_ends_the_server_while_it_loads(self):
        server = self.start(port_file=self.folder / "none" / "ports")
        self.assertEqual(server.exit_code(), 1)
        self.assertIn(str(self.folder / "none" / "ports"), server.await_log("cannot_start")["message"])
        self.assertEqual(self.events_of_log(server)[-1], "cannot_start")  # it did not wait for the model

    def start_unread(self, port_file):
        """A server whose standard error is a full pipe that nobody reads."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, bytes(1))
        os.set_blocking(writer, True)
        server = subprocess.Popen([BIN / "ruyi-server", "--model", MODEL, "--listen", ANY_PORT, "--metrics-listen",
                                   ANY_PORT, "--admin-listen", "none", "--admin-page", "none", "--port-file", port_file,
                                   "--state-dir", self.folder / "state", "--calibration-file", calibration_file()],
                                  stderr=writer, env=clean_environment())
        os.close(writer)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        return server

    def test_a_log_that_nobody_reads_holds_up_nothing(self):
        port_file = self.folder / "ports"
        server = self.start_unread(port_file)
        api, metrics, *_ = await_ports(port_file)
        deadline = time.monotonic() + DEADLINE_S
        while Client(BIN / "ruyi-client", f"127.0.0.1:{api}", ["capabilities"]).exit_code() != 0:
            self.assertLess(time.monotonic(), deadline)
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=DEADLINE_S) as answer:
            self.assertIn("ruyi_model_ready 1", answer.read().decode())
        client = Client(BIN / "ruyi-client", f"127.0.0.1:{api}",
                        ["generate", "--image", str(PHOTO), "--out", str(self.folder / "film.mp4"), "--size", "160x96",
                         *LONG])
        self.addCleanup(client.kill)
        client.await_denoising()
        client.signal(signal.SIGINT)
        self.assertEqual(client.exit_code(), 130)
        server.terminate()
        self.assertEqual(server.wait(DEADLINE_S), 0)

    def test_a_folder_without_a_model(self):
        server = self.start(model=self.folder / "nothing")
        self.assertEqual(server.exit_code(), 1)
        self.assertIn(str(self.folder / "nothing"), server.await_log("model_not_loaded")["message"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
