"""The suite and the comparison of ruyi-bench, as a caller sees them: the JSON of a short run, and tables, warnings and
exit codes of compare.

suite_test.py RUYI_BENCH MODEL
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

MODEL = sys.argv.pop()
BENCH = sys.argv.pop()

RESULT = {"side": "ruyi-server", "bench": "step", "shape": "24@672x384", "task": "guided", "mode": "guided+turn",
          "configuration": {}, "dtype": "BFloat16", "median_s": 0.5, "min_s": 0.5, "max_s": 0.5, "seconds": [0.5],
          "peak_mib": 1000.0, "reserved_mib": 1200.0, "version": "0.1.0", "device": "A GPU", "driver": "1", "torch": "2",
          "date": "2026-11-28T09:00:00Z"}


def bench(*arguments):
    return subprocess.run([BENCH, *map(str, arguments)], capture_output=True, text=True, check=False)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, *changes):
        """A file of results that differ from RESULT as each of `changes` says."""
        path = self.folder / name
        path.write_text("".join(json.dumps(RESULT | change) + "\n" for change in changes), encoding="utf-8")
        return path


class SuiteTest(Folder):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "out.json"
            run = bench("suite", "--model", MODEL, "--device", "cpu", "--shape", "8@64x64", "--json", path)
            assert run.returncode == 0, run.stderr
            cls.rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def test_each_result_says_what_it_was_measured_with(self):
        for row in self.rows:
            self.assertLessEqual(set(RESULT), set(row))
            self.assertEqual(row["side"], "ruyi-server")
            self.assertRegex(row["version"], r"^\d+\.\d+\.\d+$")
            self.assertRegex(row["device"], r"^CPU with \d+ threads$")
            self.assertRegex(row["torch"], r"^2\.11\.0")
            self.assertRegex(row["date"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
            self.assertIn(row["dtype"], ("BFloat16", "Float"))

    def test_seconds_are_those_of_three_runs_and_of_whole_videos_of_one(self):
        for row in self.rows:
            runs = 1 if row["bench"] == "quality" else 3
            self.assertEqual(len(row["seconds"]), runs)
            self.assertEqual(row["median_s"], sorted(row["seconds"])[runs // 2])
            self.assertEqual((row["min_s"], row["max_s"]), (min(row["seconds"]), max(row["seconds"])))
            self.assertGreater(row["min_s"], 0)
            self.assertGreater(row["peak_mib"], 0)

    def test_has_the_whole_table(self):
        found = {(row["bench"], row["task"]) for row in self.rows if row["bench"] != "kernels"}
        self.assertEqual(found, {("step", "guided"), ("decode", "slice+smoothed"), ("decode", "cache")} |
                         {(bench, mode) for bench in ("encode", "condition") for mode in ("slice", "cache")} |
                         {("quality", "guided+turn" + more) for more in
                          ("", "+quality=balanced", "+quality=fast", "+fp8=strong", "+fp8=strong+scaled")})
        kernels = {row["shape"].split("@")[0] for row in self.rows if row["bench"] == "kernels"}
        self.assertLessEqual({"attention", "norm_rotate", "gated_gelu", "group_norm_silu"}, kernels)

    def test_names_the_configuration_of_the_autoencoder(self):
        slices, cached = ({"temporal_mode": "slice", "norms": "per chunk", "middle_attention": "per chunk"},
                          {"temporal_mode": "cache", "norms": "per frame", "middle_attention": "per frame"})
        for row in self.rows:
            if row["bench"] in ("encode", "condition", "decode"):
                smoothed = {"smoothing": "yes" if row["task"] == "slice+smoothed" else "no"}
                expected = slices if row["task"].startswith("slice") else cached
                self.assertEqual(row["configuration"], expected | smoothed)

    def test_no_result_is_there_twice(self):
        names = [(row["bench"], row["shape"], row["task"], row["mode"]) for row in self.rows]
        self.assertEqual(len(names), len(set(names)))


class RefusalTest(Folder):
    def test_needs_a_temporary_folder_for_the_other_configuration(self):
        nowhere = dict(os.environ, TMPDIR=str(self.folder / "none"))
        run = subprocess.run([BENCH, "suite", "--model", MODEL, "--device", "cpu", "--shape", "8@64x64"],
                             capture_output=True, text=True, check=False, env=nowhere)
        self.assertEqual(run.returncode, 1)
        self.assertIn("set TMPDIR", run.stderr)

    def test_a_shape_that_is_none_is_wrong_usage(self):
        run = bench("suite", "--model", MODEL, "--device", "cpu", "--shape", "8")
        self.assertEqual(run.returncode, 2)
        self.assertIn("'8' is not FRAMES@", run.stderr)
        for shape in ("9@64x64", "8@100x100", "8@1x1", "8@99984x99984"):
            run = bench("suite", "--model", MODEL, "--device", "cpu", "--shape", shape)
            self.assertEqual(run.returncode, 2)
            self.assertIn(f"'{shape}' has no shape of a video", run.stderr)

    def test_a_mode_that_is_none_is_wrong_usage_before_any_work(self):
        for mode in ("gate=nan", "gate=0", "gate=1", "easy=nan", "easy=-5", "tea=2", "fp8=bogus"):
            run = bench("quality", "--model", MODEL, "--device", "cpu", "--mode", "guided,guided+" + mode)
            self.assertEqual(run.returncode, 2)
            self.assertIn(f"'guided+{mode}' is no mode", run.stderr)
            self.assertEqual(run.stdout, "")


class CompareTest(Folder):
    def test_prints_the_ratio_of_seconds_and_of_memory(self):
        run = bench("compare", self.write("a", {}), self.write("b", {"median_s": 0.6, "peak_mib": 500.0}))
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("step 24@672x384 guided guided+turn", run.stdout)
        self.assertRegex(run.stdout, r" 1\.200 +1000 +500 +0\.500\n")

    def test_fails_above_the_tolerance_and_names_what_is_slower(self):
        a = self.write("a", {}, {"shape": "120@672x384"})
        b = self.write("b", {"median_s": 0.53}, {"shape": "120@672x384"})
        run = bench("compare", a, b, "--fail-above", "1.05")
        self.assertEqual(run.returncode, 1)
        self.assertIn("1 of 2 results take more than 1.05 times as long as before", run.stderr)
        self.assertIn("step 24@672x384 guided guided+turn (1.060)", run.stderr)

    def test_fails_where_results_are_missing(self):
        a, b = self.write("a", {}, {"bench": "encode"}), self.write("b", {})
        run = bench("compare", a, b, "--fail-above", "1.05")
        self.assertEqual(run.returncode, 1)
        self.assertIn(f"1 results of {a} are not in {b}", run.stderr)

    def test_refuses_a_tolerance_that_is_none(self):
        a = self.write("a", {})
        for tolerance in ("nan", "inf", "0", "-1", "x"):
            run = bench("compare", a, a, "--fail-above", tolerance)
            self.assertEqual(run.returncode, 2)
            self.assertIn(f"'{tolerance}' must be a number above 0", run.stderr)

    def test_refuses_a_result_without_time(self):
        run = bench("compare", self.write("a", {}), self.write("b", {"median_s": 0.0}))
        self.assertEqual(run.returncode, 1)
        self.assertIn("median_s is 0; it must be above 0", run.stderr)

    def test_passes_at_the_tolerance_and_where_none_is_given(self):
        a, b = self.write("a", {}), self.write("b", {"median_s": 0.525})
        self.assertEqual(bench("compare", a, b, "--fail-above", "1.05").returncode, 0)
        self.assertEqual(bench("compare", a, self.write("c", {"median_s": 50})).returncode, 0)

    def test_names_what_one_side_alone_has(self):
        a = self.write("a", {}, {"bench": "encode"})
        b = self.write("b", {}, {"bench": "decode", "task": "cache"})
        run = bench("compare", a, b)
        self.assertIn("only before: encode 24@672x384 guided guided+turn\n", run.stdout)
        self.assertIn("only after: decode 24@672x384 cache guided+turn\n", run.stdout)

    def test_warns_of_other_devices_and_versions(self):
        run = bench("compare", self.write("a", {}), self.write("b", {"device": "Another", "version": "0.2.0"}))
        self.assertIn("warning: device differs: 'A GPU' before, 'Another' after\n", run.stdout)
        self.assertIn("warning: version differs: '0.1.0' before, '0.2.0' after\n", run.stdout)
        self.assertNotIn("warning", bench("compare", self.write("a", {}), self.write("b", {})).stdout)

    def test_another_mode_of_the_same_program_is_another_result(self):
        run = bench("compare", self.write("a", {}, {"mode": "x"}), self.write("b", {}))
        self.assertIn("only before: step 24@672x384 guided x\n", run.stdout)

    def test_each_mode_of_the_reference_stands_beside_ours(self):
        reference = {"side": "reference", "median_s": 1.0}
        run = bench("compare", self.write("a", {}), self.write("b", reference | {"mode": "eager"},
                                                               reference | {"mode": "compiled", "median_s": 0.75}))
        self.assertRegex(run.stdout, r"guided\+turn +eager .* 2\.000 ")
        self.assertRegex(run.stdout, r"guided\+turn +compiled .* 1\.500 ")

    def test_the_last_of_two_results_counts(self):
        run = bench("compare", self.write("a", {"median_s": 9}, {}), self.write("b", {}))
        self.assertRegex(run.stdout, r" 1\.000 +1000 +1000 ")

    def test_says_what_is_wrong_with_a_file(self):
        good = self.write("a", {})
        for name, text, said in (("b", "{", "b:1"), ("c", '{"side": "x"}\n', "c:1")):
            bad = self.folder / name
            bad.write_text(text, encoding="utf-8")
            run = bench("compare", good, bad)
            self.assertEqual(run.returncode, 1)
            self.assertIn(said, run.stderr)
        run = bench("compare", good, self.folder / "none")
        self.assertEqual(run.returncode, 1)
        self.assertIn("cannot be read", run.stderr)

    def test_files_without_anything_in_common_are_wrong_usage(self):
        run = bench("compare", self.write("a", {}), self.write("b", {"shape": "8@64x64"}))
        self.assertEqual(run.returncode, 2)
        self.assertIn("no result in common", run.stderr)


if __name__ == "__main__":
    unittest.main()
