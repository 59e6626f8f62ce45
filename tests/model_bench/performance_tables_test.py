"""The tables that performance_tables.py makes of results, and what --check says."""

import contextlib
import io
import json
import pathlib
import tempfile
import unittest

import performance_tables

FACTS = {"dtype": "BFloat16", "version": "0.1.0", "device": "A GPU", "driver": "1.2", "torch": "2", "date": "2026-11-28T09:00:00Z"}


def row(bench, shape, task, mode, median, **changes):
    return FACTS | {"side": "ruyi-server", "bench": bench, "shape": shape, "task": task, "mode": mode,
                    "median_s": median} | changes


THEIRS = {"side": "reference", "version": "Ruyi-Models", "device": "Another GPU"}
ROWS = [row("step", "120@1008x576", "guided", "guided+turn", 10.24), row("step", "24@672x384", "guided", "guided+turn", 0.3),
        row("step", "24@672x384", "guided", "eager", 0.7, **THEIRS), row("step", "24@672x384", "guided", "other", 9.0),
        row("decode", "24@672x384", "slice+smoothed", "", 0.386), row("decode", "24@672x384", "cache", "", 0.2),
        row("decode", "24@672x384", "cache", "eager", 0.47, **THEIRS),
        row("kernels", "attention@2x6048", "", "aten", 0.002), row("kernels", "attention@2x6048", "", "kernel", 0.001),
        row("kernels", "gated_gelu@2x30240", "", "aten", 0.000986),
        row("kernels", "gated_gelu@2x30240", "", "kernel", 0.000333, gb_per_s=3100.0)]


def table_of(name, rows=ROWS):
    return performance_tables.render(name, performance_tables.Results(rows))


class TablesTest(unittest.TestCase):
    def test_steps_by_size_and_length(self):
        self.assertEqual(table_of("steps"), """\
| one denoising step, s | 24 frames, 512 | 120 frames, 768 |
| --- | --- | --- |
| reference | 0.700 |  |
| ours, branches in turn | 0.300 | 10.2 |

Measured: reference: Another GPU, driver 1.2, torch 2, bfloat16, Ruyi-Models, 2026-11-28; \
ours: A GPU, driver 1.2, torch 2, bfloat16, 0.1.0, 2026-11-28.
""")

    def test_the_autoencoder_names_mode_and_side(self):
        self.assertEqual(table_of("autoencoder").splitlines()[:5], [
            "| s | 24 frames, 512 |", "| --- | --- |",
            "| decode: slices with smoothed seams, norms and attention per chunk: ours | 0.386 |",
            "| decode: cache mode, norms and attention per frame: ours | 0.200 |",
            "| decode: cache mode, norms and attention per frame: reference | 0.470 |"])

    def test_attention_by_its_useful_operations(self):
        rate = 4 * 6048**2 * 32 * 88 * 2 / 1e12
        self.assertIn(f"| 2 × 6048 | {rate / 0.002:.0f} | {rate / 0.001:.0f} |\n", table_of("attention"))

    def test_kernels_beside_their_twins(self):
        self.assertEqual(table_of("kernels").splitlines()[2], "| gated GELU (2 × 30240) | 986 | 333 | 3.1 |")

    def test_the_last_of_two_results_counts(self):
        self.assertIn("| ours, branches in turn | 0.500 |",
                      table_of("steps", [*ROWS[1:2], row("step", "24@672x384", "guided", "guided+turn", 0.5)]))


class DocumentTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.document, self.results = pathlib.Path(folder.name, "a.md"), pathlib.Path(folder.name, "a.json")
        self.document.write_text("before\n<!-- figures: steps -->\nold\n<!-- end of figures -->\nafter\n", encoding="utf-8")
        self.results.write_text("".join(json.dumps(result) + "\n" for result in ROWS), encoding="utf-8")

    def test_replaces_what_is_between_the_comments(self):
        performance_tables.main([str(self.document), str(self.results)])
        text = self.document.read_text(encoding="utf-8")
        self.assertTrue(text.startswith("before\n<!-- figures: steps -->\n| one denoising step"))
        self.assertTrue(text.endswith("2026-11-28.\n<!-- end of figures -->\nafter\n"))
        self.assertNotIn("old", text)

    def test_check_fails_until_the_tables_are_those_of_the_results(self):
        before = self.document.read_text(encoding="utf-8")
        with self.assertRaises(SystemExit) as failed:
            performance_tables.main(["--check", str(self.document), str(self.results)])
        self.assertIn("run this without --check", failed.exception.code)
        self.assertEqual(self.document.read_text(encoding="utf-8"), before)
        performance_tables.main([str(self.document), str(self.results)])
        performance_tables.main(["--check", str(self.document), str(self.results)])

    def test_an_unknown_table_is_an_error(self):
        self.document.write_text("<!-- figures: other -->\n<!-- end of figures -->\n", encoding="utf-8")
        with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(KeyError):
            performance_tables.main([str(self.document), str(self.results)])


if __name__ == "__main__":
    unittest.main()
