"""Draws memory and time of denoising steps by length, a line for each memory mode.

    python3 tests/model_bench/plot_modes.py step.json docs/memory-modes-h100.png

step.json is what `ruyi-bench step --json` wrote. Needs matplotlib, which nothing else here does.
"""

import collections
import json
import re
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

LABELS = {
    "guided+turn": "all on the device",
    "guided+states=10+turn": "10 states",
    "guided+states=7+turn": "7 states",
    "guided+states=5+turn": "5 states",
    "guided+states=1+turn": "1 state",
    "guided+blocks=0+turn": "0 blocks",
}


def read(path):
    """{size: {mode: [(frames, peak in GiB, seconds, predicted GiB)]}}"""
    sizes = collections.defaultdict(lambda: collections.defaultdict(list))
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            frames, size = re.fullmatch(r"(\d+)@(\d+x\d+)", row["shape"]).groups()
            point = (int(frames), row["peak_mib"] / 1024, row["median_s"], row["predicted_mib"] / 1024)
            sizes[size][row["mode"]].append(point)
    return sizes


def draw(sizes, path):
    figure, axes = pyplot.subplots(2, len(sizes), figsize=(11, 7), sharex=True, squeeze=False)
    for column, (size, modes) in enumerate(sizes.items()):
        for mode, points in modes.items():
            frames, peaks, seconds, predicted = zip(*sorted(points))
            (line,) = axes[0][column].plot(frames, peaks, marker="o", markersize=4, label=LABELS.get(mode, mode))
            axes[0][column].plot(frames, predicted, linestyle="none", marker="+", color="black", markersize=10)
            axes[1][column].plot(frames, seconds, marker="o", color=line.get_color())
        axes[0][column].set_title(size)
        axes[1][column].set_xlabel("frames")
        for row in (0, 1):
            axes[row][column].set_ylim(bottom=0)
            axes[row][column].grid(alpha=0.3)
    axes[0][0].set_ylabel("GiB at the peak of a step (+: predicted)")
    axes[1][0].set_ylabel("seconds of a step")
    axes[0][0].legend(fontsize="small", ncols=2, loc="center left", bbox_to_anchor=(0.02, 0.5))
    figure.tight_layout()
    figure.savefig(path, dpi=80)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    draw(read(sys.argv[1]), sys.argv[2])
