"""What of reference.py needs neither a GPU nor torch: its arguments, its rows, and in which order it decodes.

reference_test.py RUYI_BENCH
"""

import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest

import reference

BENCH = sys.argv.pop()


def options_of(*arguments):
    return reference.parse_arguments(["--reference", "checkout", "--json", "out.json", *arguments])


class FakeDevice:
    """A clock that goes on by a second whenever it is read."""

    def __init__(self):
        self.seconds = 0.0
        self.resets = 0

    def now(self):
        self.seconds += 1
        return self.seconds

    def reset_peaks(self):
        self.resets += 1

    def peak_mib(self):
        return 300.0

    def reserved_mib(self):
        return 400.0

    def facts(self):
        return {"device": "A GPU", "driver": "1", "torch": "2"}


class FakeReference:
    """Takes 10 seconds of the device's clock for a step, 20 to encode, 30 to decode, and 7 more the first time."""

    def __init__(self, device):
        self.device = device
        self.asked = []

    def _work(self, seconds):
        times = iter([seconds + 7] + [seconds] * 9)

        def work():
            self.device.seconds += next(times)
        return work

    def step(self, shape, mode):
        self.asked.append(("step", shape.name, mode))
        return self._work(10)

    def encode(self, shape, mode):
        self.asked.append(("encode", shape.name, mode))
        return self._work(20)

    def decode(self, shape, mode):
        self.asked.append(("decode", shape.name, mode))
        return self._work(30)


def rows_of(*arguments):
    device, output = FakeDevice(), io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()):
        reference.run(options_of(*arguments), FakeReference(device), device, output)
    return [json.loads(line) for line in output.getvalue().splitlines()]


class ArgumentsTest(unittest.TestCase):
    def test_the_shapes_are_those_of_the_suite(self):
        self.assertEqual([shape.name for shape in options_of().shape],
                         ["24@672x384", "120@672x384", "24@1008x576", "120@1008x576"])

    def test_a_shape_has_its_latents(self):
        self.assertEqual(options_of("--shape", "120@672x384").shape[0].latents, (30, 48, 84))

    def test_refuses_what_it_does_not_know(self):
        for arguments, said in ((("--shape", "24@512"), "FRAMES@WIDTHxHEIGHT"), (("--shape", "24@672x380"), "of 16"),
                                (("--shape", "20@672x384"), "multiple of 8"), (("--bench", "step,load"), "'load'"),
                                (("--mode", "fast"), "'fast'"), (("--temporal-mode", "plain"), "'plain'")):
            errors = io.StringIO()
            with contextlib.redirect_stderr(errors), self.assertRaises(SystemExit) as exit_code:
                options_of(*arguments)
            self.assertEqual(exit_code.exception.code, 2)
            self.assertIn(said, errors.getvalue())


class RowsTest(unittest.TestCase):
    def test_warm_up_does_not_count(self):
        row = rows_of("--bench", "step", "--shape", "24@672x384", "--warm-up", "1", "--repeat", "2")[0]
        self.assertEqual(row["seconds"], [11.0, 11.0])
        row = rows_of("--bench", "step", "--shape", "24@672x384", "--warm-up", "0", "--repeat", "2")[0]
        self.assertEqual((row["seconds"], row["median_s"], row["min_s"], row["max_s"]), ([18.0, 11.0], 14.5, 11.0, 18.0))

    def test_measures_each_bench_in_each_mode(self):
        rows = rows_of("--shape", "24@672x384", "--mode", "eager,compiled")
        self.assertEqual([(row["bench"], row["task"], row["mode"]) for row in rows],
                         [("step", "guided", "eager"), ("step", "guided", "compiled"), ("encode", "slice", "eager"),
                          ("decode", "slice+smoothed", "eager"), ("encode", "cache", "eager"), ("decode", "cache", "eager")])
        self.assertEqual([row["configuration"].get("smoothing") for row in rows], [None, None, "no", "yes", "no", "no"])

    def test_asks_for_one_model_after_the_other(self):
        device = FakeDevice()
        fake = FakeReference(device)
        with contextlib.redirect_stdout(io.StringIO()):
            reference.run(options_of("--shape", "24@672x384,120@672x384"), fake, device, io.StringIO())
        models = ["transformer" if bench == "step" else mode for bench, _, mode in fake.asked]
        self.assertEqual(models, ["transformer"] * 2 + ["slice"] * 4 + ["cache"] * 4)
        self.assertEqual(device.resets, 10)

    def test_a_row_says_what_it_was_measured_with(self):
        row = rows_of("--bench", "decode", "--temporal-mode", "cache", "--shape", "24@672x384")[0]
        self.assertEqual({key: row[key] for key in ("side", "version", "device", "driver", "torch", "peak_mib")},
                         {"side": "reference", "version": "Ruyi-Models 6c7b597, diffusers 0.31.0", "device": "A GPU",
                          "driver": "1", "torch": "2", "peak_mib": 300.0})
        self.assertRegex(row["date"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_stands_beside_ours(self):
        rows = rows_of("--bench", "decode", "--shape", "24@672x384", "--repeat", "1")
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = pathlib.Path(folder, "ours"), pathlib.Path(folder, "theirs")
            theirs.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            ours.write_text("".join(json.dumps(row | {"side": "ruyi-server", "mode": "", "median_s": 15.5}) + "\n"
                                    for row in rows), encoding="utf-8")
            run = subprocess.run([BENCH, "compare", ours, theirs], capture_output=True, text=True, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertRegex(run.stdout, r"decode 24@672x384 slice\+smoothed +eager .* 2\.000 ")
        self.assertRegex(run.stdout, r"decode 24@672x384 cache +eager .* 2\.000 ")
        self.assertNotIn("only", run.stdout)


class Clip:
    """A clip of one number for each frame, as far as decoding asks for more."""

    def __init__(self, frames):
        self.frames = list(frames)
        self.shape = (1, 3, len(self.frames), 16, 16)

    def __getitem__(self, at):
        return Clip(self.frames[at[2]])

    def __setitem__(self, at, clip):
        self.frames[at[2]] = clip.frames

    def __add__(self, other):
        others = other.frames if isinstance(other, Clip) else [other] * len(self.frames)
        return Clip(a + b for a, b in zip(self.frames, others))

    def __truediv__(self, number):
        return Clip(frame / number for frame in self.frames)

    def clamp(self, least, most):
        return Clip(min(max(frame, least), most) for frame in self.frames)

    def mode(self):
        return self


class FakeVae:
    """Decodes each latent number to four frames, the second time to other ones, and notes what it encodes."""

    def __init__(self, mode):
        self.cache_compression_vae = mode == "cache"
        self.mini_batch_encoder = 8
        self.config = types.SimpleNamespace(latent_channels=16, scaling_factor=2.0)
        self.encoded = []
        self.decodings = 0

    def decode(self, latents):
        self.decodings += 1
        return [Clip([0.5 / self.decodings] * 24 if self.decodings == 1 else [0.0] * 16)]

    def encode(self, video):
        self.encoded.append(len(video.frames))
        return [video]


class DecodeTest(unittest.TestCase):
    def frames_of(self, mode):
        """The frames that are decoded in this mode, and the autoencoder."""
        vae = FakeVae(mode)
        fake = types.SimpleNamespace(_vae=lambda mode: vae, _random=lambda *shape: Clip([1.0] * shape[2]),
                                     _without_gradients=lambda work: work)
        clip = reference.Reference.decode(fake, reference.Shape("24@32x32"), mode)()
        return clip.frames, vae

    def test_slice_mode_averages_the_middle_with_what_it_decodes_again(self):
        frames, vae = self.frames_of("slice")
        self.assertEqual(vae.encoded, [16])
        self.assertEqual(frames, [0.75] * 4 + [0.625] * 16 + [0.75] * 4)

    def test_cache_mode_decodes_once(self):
        frames, vae = self.frames_of("cache")
        self.assertEqual((vae.encoded, vae.decodings), ([], 1))
        self.assertEqual(frames, [0.75] * 24)


if __name__ == "__main__":
    unittest.main()
