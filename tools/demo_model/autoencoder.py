"""Trains the autoencoder of the demo model, on one GPU, for a given time.

    python3 tools/demo_model/autoencoder.py --reference Ruyi-Models --pictures pictures.pkl --start vae.safetensors \\
        --config vae/config.json --seconds 570 --out FOLDER

--start may have half as many channels in its outermost level as --config says: it is widened without changing what it
computes. --part decoder keeps the encoder, and so the latents that a denoiser was trained on. FOLDER receives
vae.safetensors (float16) every minute. The learning rate falls to nothing at the end of the time.
"""

import argparse
import io
import math
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file

import canvases
import reference
import sources
from fast_autoencoder import FastAutoencoder
from optimiser import MuonAndAdam, StepGraph

FRAMES = 16
SMALL, LARGE = (16, 144, 144), (5, 192, 320)  # clips of a batch, height, width
LARGE_FROM = 0.5  # of the time; before that, many small clips
WARM_UP_STEPS = 200
FASTEST = 5.0  # pixels per frame
BLACK = -1.0
SAVE_EVERY_S = 60
HOPELESS = 15.0  # dB of the held-out pictures


def widened(weights, model):
    """Returns the weights for a model whose outermost level is twice as wide, which computes the same.

    Every channel there becomes two equal ones side by side, so the statistics of the groups stay. What reads them gives
    them unequal shares, so that they learn different things.
    """
    wide = {}
    for name, target in model.state_dict().items():
        weight = weights[name].float()
        if weight.shape[0] * 2 == target.shape[0]:
            weight = weight.repeat_interleave(2, 0)
        if weight.dim() > 1 and weight.shape[1] * 2 == target.shape[1]:
            share = 0.5 + 0.15 * torch.randn_like(weight)
            weight = torch.stack([weight * share, weight * (1 - share)], 2).flatten(1, 2)
        wide[name] = weight
    return wide


def still(jpeg, size):
    """Returns the middle of a picture at that size (height, width): [1, 3, 1, height, width] in -1..1."""
    picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
    height, width = size
    scale = max(width / picture.width, height / picture.height)
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.BICUBIC)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    pixels = np.array(picture.crop((left, top, left + width, top + height)))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None, :, None].float() / 127.5 - 1


def psnr(a, b):
    return -10 * math.log10(((a - b) / 2).square().mean().item())


@torch.no_grad()
def measure(net, pictures, size=(192, 320)):
    """Returns the PSNR of still clips of the held-out photographs, in dB, one each."""
    device = next(net.model.parameters()).device
    found = []
    for name, jpeg in pictures["held_out"]:
        if name in sources.MEASURED:
            clip = still(jpeg, size).to(device).expand(-1, -1, 8, -1, -1).contiguous()
            found.append(psnr(net.decode(net.encode(clip)[0]).clamp(-1, 1), clip))
    return found


def random_velocity(count, device):
    """Returns [count, 2]: a quarter stands still, most of the rest moves along one axis."""
    kind = torch.rand(count, 1, device=device)
    axis = F.one_hot(torch.randint(0, 2, (count,), device=device), 2)
    axis = axis * (2 * torch.rand(count, 1, device=device) - 1) * FASTEST
    free = (2 * torch.rand(count, 2, device=device) - 1) * FASTEST / 2
    return torch.where(kind < 0.25, torch.zeros_like(free), torch.where(kind < 0.8, axis, free))


class Batch:
    """Clips, and how much each frame of each counts.

    Of every 16 clips two show only the first frame of each chunk, as the condition of a start picture does; one only
    the last one, as that of an end picture; one is a mask or all black. The rest are whole, some of them
    cross-dissolves.
    """

    def __init__(self, count, height, width, device):
        self.size = (height, width)
        self.clips = torch.zeros(count, 3, FRAMES, height, width, device=device)
        self.weights = torch.ones(count, 1, FRAMES, 1, 1, device=device)
        frame = torch.arange(FRAMES, device=device).view(1, 1, FRAMES, 1, 1) % 8
        self.first, self.last = frame == 0, frame == 7
        self.first_only = max(1, count // 8)
        self.turn = 0

    def mask_out(self, clip, shown):
        self.clips[clip] = torch.where(shown[0], self.clips[clip], BLACK)
        self.weights[clip] = torch.where(shown[0], 5.0, 0.4)

    def fill(self, pool):
        count, device = len(self.clips), pool.device
        clips = canvases.random_clips(pool, random_velocity(count, device), FRAMES, self.size)
        dissolves = max(1, count // 12)
        others = canvases.random_clips(pool, random_velocity(dissolves, device), FRAMES, self.size)
        share = torch.linspace(0, 1, FRAMES, device=device).view(1, 1, FRAMES, 1, 1)
        clips[-dissolves:] += share * (others - clips[-dissolves:])
        self.clips.copy_(clips)
        self.weights.fill_(1)
        for clip in range(self.first_only):
            self.mask_out(clip, self.first)
        self.turn += 1
        self.fill_special(self.first_only)

    def fill_special(self, clip):
        """One clip that shows, in turn, only its last frames, the mask of some given frames, or nothing."""
        kind = self.turn % 4
        if kind in (0, 1):
            self.mask_out(clip, self.last)
        elif kind == 2:
            shown = self.first if self.turn % 8 == 2 else self.last
            self.clips[clip] = torch.where(shown[0], 0.0, 1.0)
            self.weights[clip] = 0.5
        else:
            self.clips[clip] = BLACK
            self.weights[clip] = 0.5


def differences(x):
    return x.diff(dim=-1).abs().mean() + x.diff(dim=-2).abs().mean()


def loss_of(video, weights, net, sharpness, part):
    """Returns the loss; `sharpness` falls from 1 to 0, and with it what does not serve the PSNR."""
    if part == "decoder":
        with torch.no_grad():
            latents = net.sample(video)
        divergence = 0
    else:
        mean, log_variance = net.encode(video)
        latents = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    error = (net.decode(latents) - video) * weights
    root = (error.square().mean((1, 2, 3, 4)) + 1e-6).sqrt().mean()
    edges = differences(error)
    steps = error.diff(dim=2).abs().mean()
    return (
        root + (0.05 + 0.4 * sharpness) * error.abs().mean() + 0.3 * sharpness * edges + 0.2 * steps + 5e-7 * divergence
    )


class Training:
    def __init__(self, net, part, optimiser):
        self.net, self.part = net, part
        trained = net.model.named_parameters()
        if part == "decoder":
            net.model.encoder.requires_grad_(False)
            net.model.quant_conv.requires_grad_(False)
            trained = [(name, weight) for name, weight in trained if weight.requires_grad]
        device = next(net.model.parameters()).device
        self.optimiser = MuonAndAdam(trained, lambda name, weight: self.is_matrix(name, weight, optimiser), device)
        self.sharpness = torch.ones((), device=device)
        self.device = device

    @staticmethod
    def is_matrix(name, weight, optimiser):
        return optimiser == "muon" and weight.dim() > 1 and "conv_in" not in name and "decoder.conv_out" not in name

    def graph(self, shape):
        batch = Batch(*shape, self.device)

        def step():
            loss = loss_of(batch.clips, batch.weights, self.net, self.sharpness, self.part)
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.optimiser.parameters(), 1.0, foreach=True)
            self.optimiser.step()
            return loss.detach()

        return batch, step


def save(model, path):
    save_file({name: weight.half().contiguous().cpu() for name, weight in model.state_dict().items()}, path)


class Clock:
    """The time since the program started, and the share of the training that is over."""

    def __init__(self, seconds):
        self.begin, self.seconds = time.monotonic(), seconds
        self.training_from = None

    def now(self):
        return time.monotonic() - self.begin

    def start_training(self):
        self.training_from = self.now()

    def share(self):
        return (self.now() - self.training_from) / (self.seconds - self.training_from)


def train(net, pool, pictures, options, clock):
    training = Training(net, options.part, options.optimiser)
    plans = []
    for shape in (SMALL, LARGE) if not options.tiny else ((2, 32, 48), (2, 48, 32)):
        batch, step = training.graph(shape)
        batch.fill(pool)
        plans.append((batch, StepGraph(step, training.device)))
        print(f"[{clock.now():6.1f}] a step of {shape} is ready", flush=True)
    clock.start_training()
    steps, told, saved, steps_told = 0, clock.now(), clock.now(), 0
    while (share := clock.share()) < 1:
        rate = options.rate * min(1, (steps + 1) / WARM_UP_STEPS) * (0.5 + 0.5 * math.cos(math.pi * share))
        training.optimiser.rate.fill_(rate)
        training.sharpness.fill_(max(0.0, 1 - 1.5 * share))
        batch, step = plans[share >= options.large_from]
        batch.fill(pool)
        loss = step()
        steps += 1
        if steps % 20 == 0:
            loss.item()  # so that the clock is not ahead of the device
        if clock.now() > told + options.tell_every:
            values = measure(net, pictures, (48, 80) if options.tiny else (192, 320))
            took = (clock.now() - told) / (steps - steps_told)
            print(
                f"[{clock.now():6.1f}] step {steps}, {1000 * took:.0f} ms, rate {rate:.1e}, loss {loss.item():.4f}, "
                f"held out {np.mean(values):.2f} dB",
                flush=True,
            )
            told, steps_told = clock.now(), steps
            if not np.mean(values) > HOPELESS:
                raise SystemExit("this leads nowhere: try a smaller --rate")
        if clock.now() > saved + SAVE_EVERY_S:
            save(net.model, options.out / "vae.safetensors")
            saved = clock.now()


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--reference", "--pictures", "--start", "--config", "--out"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=float, required=True, help="when to end, from the program's start")
    parser.add_argument("--part", choices=("whole", "decoder"), default="whole")
    parser.add_argument("--optimiser", choices=("muon", "adam"), default="muon")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--large-from", type=float, default=LARGE_FROM)
    parser.add_argument("--canvases", type=int, default=6000)
    parser.add_argument("--processes", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tell-every", type=float, default=20)
    parser.add_argument("--tiny", action="store_true", help="tiny clips, to try the program on a CPU")
    return parser.parse_args()


def main():
    options = parse()
    clock = Clock(options.seconds)
    options.out.mkdir(parents=True, exist_ok=True)
    pictures = canvases.load_pictures(options.pictures)
    pool = canvases.make_canvases(pictures, options.canvases, options.seed * 1_000_000, options.processes)
    print(f"[{clock.now():6.1f}] {len(pool)} canvases", flush=True)
    reference.use(options.reference)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(options.seed)
    model = reference.make_autoencoder(reference.read_config(options.config))
    model.load_state_dict(widened(load_file(options.start), model))
    net = FastAutoencoder(model.to(device).to(memory_format=torch.channels_last_3d))
    size = (48, 80) if options.tiny else (192, 320)
    print(f"[{clock.now():6.1f}] held out {np.mean(measure(net, pictures, size)):.2f} dB", flush=True)
    train(net, pool.to(device), pictures, options, clock)
    save(model, options.out / "vae.safetensors")
    values = measure(net, pictures, size)
    print(f"[{clock.now():6.1f}] held out {np.mean(values):.2f} dB:", *(f"{value:.1f}" for value in values))


if __name__ == "__main__":
    main()
