"""Measures the public reference (github.com/IamCreateAI/Ruyi-Models at 6c7b597, with diffusers 0.31.0) on the shapes of
`ruyi-bench suite`, and appends the same rows of JSON, so that `ruyi-bench compare` prints the two side by side.

    python3 tests/model_bench/reference.py --reference Ruyi-Models --json reference.json
    ruyi-bench compare suite.json reference.json

A step is one call of the transformer on both branches of guidance, with the rotary tables on the device already. Decoding
and encoding begin and end on the device: decoding in slice mode is what a request does (decode, encode the middle, decode
that again, average), in cache mode one decoding. Both have bfloat16 weights under autocast, as predict_i2v.py does. Without
--model the weights are random and of full size; their values take no part in the time.

Needs torch, numpy, einops, diffusers==0.31.0 and huggingface_hub==0.25.2.
"""

import argparse
import datetime
import functools
import gc
import json
import pathlib
import re
import statistics
import subprocess
import sys
import time
import types

MANIFESTS = pathlib.Path(__file__).parents[1] / "golden" / "manifest"
FULL_SIZE = {"transformer": MANIFESTS / "transformer_7b.json", "vae": MANIFESTS / "vae_246m.json"}
# What predict_i2v.py gives the transformer beside its configuration, by config/default.yaml.
TRANSFORMER_SETTINGS = {"basic_block_type": "basic", "after_norm": False, "time_position_encoding": True}
# As tests/model_bench/vae_in_mode.cc has them.
VAE_SETTINGS = {
    "slice": {"slice_mag_vae": False, "slice_compression_vae": True, "cache_compression_vae": False,
              "spatial_group_norm": False, "mid_block_attention_type": "3d"},
    "cache": {"slice_mag_vae": False, "slice_compression_vae": False, "cache_compression_vae": True,
              "spatial_group_norm": True, "mid_block_attention_type": "spatial"},
}
CONFIGURATIONS = {
    "slice": {"temporal_mode": "slice", "norms": "per chunk", "middle_attention": "per chunk"},
    "cache": {"temporal_mode": "cache", "norms": "per frame", "middle_attention": "per frame"},
}
BENCHES = ("step", "encode", "decode")
STEP_MODES = ("eager", "compiled")
SHAPES = "24@672x384,120@672x384,24@1008x576,120@1008x576"


class Shape:
    """FRAMES@WIDTHxHEIGHT, and the latents that make it: 4 frames of 8 x 8 pixels each."""

    def __init__(self, text):
        match = re.fullmatch(r"([1-9]\d*)@([1-9]\d*)x([1-9]\d*)", text)
        if match is None:
            raise argparse.ArgumentTypeError(f"'{text}' is not FRAMES@WIDTHxHEIGHT")
        self.name = text
        self.frames, self.width, self.height = map(int, match.groups())
        if self.frames % 8 or self.width % 16 or self.height % 16:
            raise argparse.ArgumentTypeError(f"{text}: frames must be a multiple of 8, width and height of 16")
        self.latents = (self.frames // 4, self.height // 8, self.width // 8)


def list_of(parse, known=None):
    def parse_list(text):
        values = [parse(part) for part in text.split(",")]
        for value in values:
            if known is not None and value not in known:
                raise argparse.ArgumentTypeError(f"'{value}' is none of {', '.join(known)}")
        return values
    return parse_list


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=pathlib.Path, required=True, help="checkout of Ruyi-Models")
    parser.add_argument("--model", type=pathlib.Path, help="model folder; default: random weights of full size")
    parser.add_argument("--json", type=pathlib.Path, required=True, help="append the results, one object per line")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--bench", type=list_of(str, BENCHES), default=BENCHES, help=f"a list of {', '.join(BENCHES)}")
    parser.add_argument("--mode", type=list_of(str, STEP_MODES), default=["eager"],
                        help="of steps, a list: eager, compiled (each block by torch.compile)")
    parser.add_argument("--temporal-mode", type=list_of(str, tuple(VAE_SETTINGS)), default=list(VAE_SETTINGS),
                        help="of the autoencoder, a list: slice, cache")
    parser.add_argument("--shape", type=list_of(Shape), default=SHAPES, help=f"a list; default: {SHAPES}")
    parser.add_argument("--warm-up", type=int, default=1, help="runs before those that count")
    parser.add_argument("--repeat", type=int, default=3, help="runs that count")
    return parser.parse_args(arguments)


class Device:
    """Where the reference computes: its clock and its memory."""

    def __init__(self, torch, name):
        self._torch = torch
        self.name = name
        self.is_gpu = name != "cpu"

    def now(self):
        if self.is_gpu:
            self._torch.cuda.synchronize(self.name)
        return time.perf_counter()

    def reset_peaks(self):
        gc.collect()
        if self.is_gpu:
            self._torch.cuda.empty_cache()
            self._torch.cuda.reset_peak_memory_stats(self.name)

    def peak_mib(self):
        return self._torch.cuda.max_memory_allocated(self.name) / 2**20 if self.is_gpu else 0.0

    def reserved_mib(self):
        return self._torch.cuda.max_memory_reserved(self.name) / 2**20 if self.is_gpu else 0.0

    def facts(self):
        """What was measured with what, as ruyi-bench says it."""
        return {"device": self._torch.cuda.get_device_name(self.name) if self.is_gpu else "CPU",
                "driver": driver_version() if self.is_gpu else "", "torch": self._torch.__version__}


def driver_version():
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    lines = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
    return lines[0].strip() if lines else ""


def version_of(checkout):
    """The checkout's commit, or the one that this was written for where git does not know."""
    query = ["git", "-C", str(checkout), "rev-parse", "--short=7", "HEAD"]
    known = (checkout / ".git").exists() and subprocess.run(query, capture_output=True, text=True, check=False).stdout
    return f"Ruyi-Models {known.strip() if known else '6c7b597'}, diffusers 0.31.0"


def measure(device, work, warm_up, repeat):
    """Seconds of each run that counts; the device's peaks are those of all runs."""
    device.reset_peaks()
    seconds = []
    for run in range(-warm_up, repeat):
        start = device.now()
        work()
        if run >= 0:
            seconds.append(device.now() - start)
    return seconds


def row_of(subject, seconds, device, facts):
    """A result as ruyi-bench writes it. `subject`: bench, shape, task, mode, configuration."""
    return {"side": "reference", **subject, "dtype": "BFloat16", "median_s": statistics.median(seconds),
            "min_s": min(seconds), "max_s": max(seconds), "seconds": seconds, "peak_mib": device.peak_mib(),
            "reserved_mib": device.reserved_mib(), **facts}


class Reference:
    """The reference's models, one at a time: together they need more memory than one GPU may have."""

    def __init__(self, torch, options):
        self.torch = torch
        self.options = options
        self.device = options.device
        self._held = (None, None)  # what it is, and the model
        import_reference(options.reference)

    def step(self, shape, mode):
        """One denoising step of the transformer."""
        transformer = self._transformer(mode)
        inputs = self._step_inputs(transformer.config, shape)
        return self._without_gradients(lambda: transformer(**inputs))

    def encode(self, shape, mode):
        vae = self._vae(mode)
        video = self._random(1, 3, shape.frames, shape.height, shape.width)
        return self._without_gradients(lambda: vae.encode(video)[0].mode())

    def decode(self, shape, mode):
        """decode_latents of the reference's pipeline, but that the frames stay on the device."""
        vae = self._vae(mode)
        latents = self._random(1, vae.config.latent_channels, *shape.latents)

        def work():
            video = vae.decode(latents / vae.config.scaling_factor)[0].clamp(-1, 1)
            if not vae.cache_compression_vae and video.shape[2] > vae.mini_batch_encoder:
                begin = vae.mini_batch_encoder // 2
                middle = slice(begin, begin - vae.mini_batch_encoder)
                again = vae.decode(vae.encode(video[:, :, middle])[0].mode())[0]
                video[:, :, middle] = (video[:, :, middle] + again) / 2
            return (video / 2 + 0.5).clamp(0, 1)
        return self._without_gradients(work)

    def _without_gradients(self, work):
        device_type = self.torch.device(self.device).type

        def run():
            with self.torch.no_grad(), self.torch.autocast(device_type, dtype=self.torch.bfloat16):
                work()
        return run

    def _random(self, *shape):
        return self.torch.randn(*shape, device=self.device, dtype=self.torch.bfloat16)

    def _hold(self, what, make):
        if self._held[0] != what:
            self._held = (None, None)  # before the next one takes memory
            self._held = (what, make())
        return self._held[1]

    def _transformer(self, mode):
        from ruyi.models.transformer3d import HunyuanTransformer3DModel

        def make():
            transformer = self._load(HunyuanTransformer3DModel, "transformer", TRANSFORMER_SETTINGS)
            if mode == "compiled":
                # Each block is compiled for each shape; beyond the limit it would silently run as it is.
                self.torch._dynamo.config.recompile_limit = len(transformer.blocks) * len(self.options.shape)
                self.torch._dynamo.config.fail_on_recompile_limit_hit = True
                for i, block in enumerate(transformer.blocks):
                    transformer.blocks[i] = self.torch.compile(block, dynamic=False)
            return transformer
        return self._hold(("transformer", mode), make)

    def _vae(self, mode):
        from ruyi.models.autoencoder_magvit import AutoencoderKLMagvit
        return self._hold(("vae", mode), lambda: self._load(AutoencoderKLMagvit, "vae", VAE_SETTINGS[mode]))

    def _load(self, kind, part, settings):
        if self.options.model is None:
            config = json.loads(FULL_SIZE[part].read_text(encoding="utf-8"))["config"]
            with self.torch.device(self.device):
                module = kind.from_config(config, **settings)
        elif part == "transformer":
            module = kind.from_pretrained_2d(self.options.model, part, transformer_additional_kwargs=settings)
        else:
            module = kind.from_pretrained(self.options.model, part, **settings)
        return module.to(device=self.device, dtype=self.torch.bfloat16).eval()

    def _step_inputs(self, config, shape):
        """What the reference's pipeline gives the transformer, of noise; shown tokens only."""
        torch = self.torch
        frames, height, width = shape.latents
        patches = (224 // 14) ** 2  # of CLIP's picture
        whole = functools.partial(torch.ones, device=self.device, dtype=torch.long)
        return {
            "hidden_states": self._random(2, config.in_channels // 3, frames, height, width),
            "inpaint_latents": self._random(2, config.in_channels // 3 * 2, frames, height, width),
            "timestep": torch.full((2,), 500.0, device=self.device, dtype=torch.bfloat16),
            "encoder_hidden_states": self._random(2, config.text_len, config.cross_attention_dim),
            "text_embedding_mask": whole(2, config.text_len),
            "encoder_hidden_states_t5": self._random(2, config.text_len_t5, config.cross_attention_dim_t5),
            "text_embedding_mask_t5": whole(2, config.text_len_t5),
            "image_meta_size": torch.tensor([[1024, 1024, shape.height, shape.width, 0, 0]] * 2, device=self.device,
                                            dtype=torch.bfloat16),
            "style": torch.zeros(2, device=self.device, dtype=torch.long),
            "image_rotary_emb": self._rotary_table(config, height // 2, width // 2),
            "clip_encoder_hidden_states": self._random(2, patches, config.projection_dim),
            "clip_attention_mask": torch.ones(2, config.n_query, device=self.device, dtype=torch.bfloat16),
            "return_dict": False,
        }

    def _rotary_table(self, config, height, width):
        from diffusers.models.embeddings import get_2d_rotary_pos_embed
        crop = ((0, 0), (height, width))  # the pipeline's crop gives other angles, but no other sizes
        table = get_2d_rotary_pos_embed(config.attention_head_dim, crop, (height, width))
        return tuple(self.torch.as_tensor(part).to(self.device) for part in table)


def import_reference(checkout):
    """Makes `ruyi` importable. diffusers would load other libraries beside it, in releases that it does not know: they are
    hidden from it. The reference asks pkg_resources, which new releases of setuptools lack, for parse_version alone."""
    from packaging.version import parse
    for name in ("transformers", "accelerate", "peft"):
        sys.modules[name] = None
    sys.modules["pkg_resources"] = types.SimpleNamespace(parse_version=parse)
    sys.path.insert(0, str(checkout))


def subjects(options):
    """Each (bench, shape, mode as the Reference knows it, fields of the result)."""
    for mode in options.mode if "step" in options.bench else ():
        for shape in options.shape:
            yield "step", shape, mode, {"task": "guided", "mode": mode, "configuration": {}}
    for mode in options.temporal_mode:
        for bench in (bench for bench in ("encode", "decode") if bench in options.bench):
            is_smoothed = bench == "decode" and mode == "slice"
            configuration = CONFIGURATIONS[mode] | {"smoothing": "yes" if is_smoothed else "no"}
            for shape in options.shape:
                yield bench, shape, mode, {"task": mode + ("+smoothed" if is_smoothed else ""), "mode": "eager",
                                           "configuration": configuration}


def run(options, reference, device, output):
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    facts = {"version": version_of(options.reference), **device.facts(), "date": date}
    for bench, shape, mode, fields in subjects(options):
        seconds = measure(device, getattr(reference, bench)(shape, mode), options.warm_up, options.repeat)
        row = row_of({"bench": bench, "shape": shape.name, **fields}, seconds, device, facts)
        print(f"{bench} {shape.name} {row['task']} {row['mode']}: {row['median_s']:.4f} s, {row['peak_mib']:.0f} MiB",
              flush=True)
        output.write(json.dumps(row) + "\n")
        output.flush()


def main(arguments):
    options = parse_arguments(arguments)
    import torch
    with open(options.json, "a", encoding="utf-8") as output:
        run(options, Reference(torch, options), Device(torch, options.device), output)


if __name__ == "__main__":
    main(sys.argv[1:])
