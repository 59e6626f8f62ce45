"""Makes the tables of docs/performance.md that come from files of results, each between two comments there:

    <!-- figures: steps -->
    <!-- end of figures -->

    python3 tests/model_bench/performance_tables.py docs/performance.md docs/figures/*.json
    python3 tests/model_bench/performance_tables.py --check docs/performance.md docs/figures/*.json

The files are what `ruyi-bench suite --json` and reference.py wrote. --check changes nothing and fails where the document has
something else. A result that is in no file has an empty cell; of results that are there twice the last counts.
"""

import argparse
import json
import pathlib
import re
import sys

PLACE = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)
SIDES = {"ruyi-server": "ours", "reference": "reference"}
RESOLUTIONS = {"672x384": "512", "1008x576": "768"}
STEPS = {("reference", "guided", "eager"): "reference", ("reference", "guided", "compiled"): "reference, torch.compile",
         ("ruyi-server", "guided", "guided+turn"): "ours, branches in turn",
         ("ruyi-server", "guided", "guided+turn+fp8=strong+scaled"): "ours, FP8 strong, scaled"}
AUTOENCODER = {("decode", "slice+smoothed"): "decode: slices with smoothed seams, norms and attention per chunk",
               ("decode", "cache"): "decode: cache mode, norms and attention per frame",
               ("encode", "slice"): "encode all chunks: slices, norms and attention per chunk",
               ("encode", "cache"): "encode all chunks: cache mode, norms and attention per frame",
               ("condition", "slice"): "encode and CLIP of a size's first request: slices",
               ("condition", "cache"): "encode and CLIP of a size's first request: cache mode"}
KERNELS = {"norm_rotate": "normalise heads, rotate", "rotate": "rotate heads", "norm_of_heads": "normalise heads",
           "norm": "normalise, shift", "add_norm": "add, normalise",
           "add_norm_frames": "add frame positions, normalise, shift", "concat_norm": "normalise two concatenated",
           "gated_gelu": "gated GELU", "linear_gelu": "linear layer, 4 times as wide, GELU",
           "group_norm_silu": "group norm, SiLU", "blend_frames": "blend frames",
           "normalize_rows": "apply a group norm to some rows", "sum_rows": "add bias and rows",
           "gelu_rows": "GELU, round to 8 bits", "add_norm_rows": "add, normalise, round to 8 bits",
           **{f"quantize_rows_{width}": f"round {width} features to 8 bits" for width in (2816, 12288)},
           **{f"scaled_linear_{into}_{out}": f"linear layer {into} → {out}, products in 8 bits (beside bfloat16)"
              for into, out in ((2816, 2816), (2816, 12288), (12288, 2816), (5632, 2816), (2816, 5632))}}
HEADS, HEAD_DIM = 32, 88


class Results:
    """The results of several files, and which of them a table took."""

    def __init__(self, rows):
        self._rows = {(row["side"], row["bench"], row["shape"], row["task"], row["mode"]): row for row in rows}
        self._taken = []

    def take(self, side, bench, shape, task, mode):
        row = self._rows.get((side, bench, shape, task, mode))
        if row is not None:
            self._taken.append(row)
        return row

    def take_any(self, side, bench, shape, task):
        """The result of whichever mode there is."""
        modes = [key[4] for key in self._rows if key[:4] == (side, bench, shape, task)]
        return self.take(side, bench, shape, task, modes[-1]) if modes else None

    def shapes(self, *benches):
        return list(dict.fromkeys(key[2] for key in self._rows if key[1] in benches))

    def sources(self):
        """A line that says where and when what was taken since the last call was measured."""
        lines = dict.fromkeys(source_of(row) for row in self._taken)
        self._taken = []
        return "; ".join(lines)


def source_of(row):
    day, driver = row["date"][:10], f"driver {row['driver']}, " if row["driver"] else ""
    return f"{SIDES[row['side']]}: {row['device']}, {driver}torch {row['torch']}, {row['dtype'].lower()}, {row['version']}, {day}"


def seconds(row):
    return f"{row['median_s']:#.3g}".rstrip(".") if row else ""


def clip_order(shape):
    frames, width, height = map(int, re.fullmatch(r"(\d+)@(\d+)x(\d+)", shape).groups())
    return width * height, frames


def clip_name(shape):
    frames, size = shape.split("@")
    return f"{frames} frames, {RESOLUTIONS.get(size, size)}"


def table(head, lines):
    """Markdown, without the lines that have nothing but their name."""
    lines = [line for line in lines if any(line[1:])]
    return "".join("| " + " | ".join(line) + " |\n" for line in [head, ["---"] * len(head), *lines])


def steps(results):
    shapes = sorted(results.shapes("step"), key=clip_order)
    lines = [[name, *(seconds(results.take(side, "step", shape, task, mode)) for shape in shapes)]
             for (side, task, mode), name in STEPS.items()]
    return table(["one denoising step, s", *map(clip_name, shapes)], lines)


def autoencoder(results):
    shapes = sorted(results.shapes("encode", "decode", "condition"), key=clip_order)
    lines = [[f"{name}: {said}", *(seconds(results.take_any(side, bench, shape, task)) for shape in shapes)]
             for (bench, task), name in AUTOENCODER.items() for side, said in SIDES.items()]
    return table(["s", *map(clip_name, shapes)], lines)


def kernel_pair(results, shape):
    return [results.take("ruyi-server", "kernels", shape, "", mode) for mode in ("aten", "kernel")]


def attention(results):
    lines = []
    for shape in results.shapes("kernels"):
        name, videos, tokens = re.fullmatch(r"(\w+)@(\d+)x(\d+)", shape).groups()
        if name == "attention":
            operations = 4 * int(tokens) ** 2 * HEADS * HEAD_DIM * int(videos)
            lines.append([f"{videos} × {tokens}", *(f"{operations / row['median_s'] / 1e12:.0f}" if row else ""
                                                    for row in kernel_pair(results, shape))])
    return table(["attention, videos × tokens, TFLOP/s", "libtorch's fastest", "ours"], lines)


def kernels(results):
    lines = []
    for shape in results.shapes("kernels"):
        name = shape.split("@")[0]
        if name != "attention":
            aten, ours = kernel_pair(results, shape)
            lines.append([f"{KERNELS.get(name, name)} ({shape.split('@')[1].replace('x', ' × ')})",
                          *(f"{row['median_s'] * 1e6:.0f}" if row else "" for row in (aten, ours)),
                          f"{ours['gb_per_s'] / 1000:.1f}" if ours and "gb_per_s" in ours else ""])
    return table(["µs (tokens)", "ATen", "ours", "ours, TB/s"], lines)


TABLES = {function.__name__: function for function in (steps, autoencoder, attention, kernels)}


def render(name, results):
    text = TABLES[name](results)
    return f"{text}\nMeasured: {results.sources()}.\n"


def rendered(document, results):
    """The document with its tables made anew."""
    return PLACE.sub(lambda place: place[1] + render(place[2], results) + place[3], document)


def read(paths):
    return Results(json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines())


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where the document differs")
    parser.add_argument("document", type=pathlib.Path)
    parser.add_argument("results", type=pathlib.Path, nargs="+")
    options = parser.parse_args(arguments)
    before = options.document.read_text(encoding="utf-8")
    after = rendered(before, read(options.results))
    if options.check and after != before:
        sys.exit(f"{options.document} has other tables than {', '.join(map(str, options.results))} make: run this without --check")
    if not options.check:
        options.document.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
