"""Writes the trained parts as a model folder in the published layout, which our server and the public reference read.

    python3 tools/demo_model/export.py --vae vae.safetensors --denoiser FOLDER --model models/ruyi-tiny

--denoiser is where denoiser.py wrote. The image encoder, the embeddings, the scheduler and the transformer's
configuration stay as they are in --model.
"""

import argparse
import json
import pathlib

from safetensors.torch import load_file, save_file

import packing

WEIGHTS = "diffusion_pytorch_model.safetensors"
CHANNELS, WIDTHS = 16, (2, 4, 7, 7)


def write_config(path, changes):
    config = json.loads(path.read_text())
    config.update(changes)
    path.write_text(json.dumps(config, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--vae", "--denoiser", "--model"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    options = parser.parse_args()
    scale = json.loads((options.denoiser / "scale.json").read_text())["scaling_factor"]
    write_config(
        options.model / "vae" / "config.json",
        {
            "ch": CHANNELS,
            "ch_mult": WIDTHS,
            "block_out_channels": [CHANNELS * width for width in WIDTHS],
            "scaling_factor": scale,
            "cache_compression_vae": False,
            "slice_compression_vae": True,
        },
    )
    half = {name: weight.half() for name, weight in load_file(options.vae).items()}
    save_file(half, options.model / "vae" / WEIGHTS)
    half = {name: weight.half() for name, weight in packing.load(options.denoiser).items()}
    save_file(half, options.model / "transformer" / WEIGHTS)


if __name__ == "__main__":
    main()
