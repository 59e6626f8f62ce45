"""Trains the autoencoder of the demo model, on one GPU, for a given time.

    python3 tools/demo_model/autoencoder.py --reference Ruyi-Models --pictures pictures.pkl --start vae.safetensors \\
        --config vae/config.json --seconds 570 --out FOLDER

--causal-start says that the decoder of --start was causal (cache mode): its convolutions begin as ones of single
frames. --part decoder keeps the encoder, and so the latents that a denoiser was trained on. FOLDER receives
vae.safetensors (float16) every minute. The learning rate falls to nothing at the end of the time.
"""

import argparse
import io
import math
import pathlib
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file

import canvases
import reference
import sources
import tracking
from fast_autoencoder import FastAutoencoder
from optimiser import MuonAndAdam, StepGraph

SMALL, LARGE = (16, 16, 144, 144), (3, 24, 192, 320)  # clips of a batch, frames, height, width
LARGE_FROM = 0.5  # of the time; before that, many small clips
WARM_UP_STEPS = 200
FASTEST = 5.0  # pixels per frame
SLOWNESS = 2.0  # speeds are even shares of 1, to this power, of FASTEST: 45 % of what moves is slower than a pixel
GENTLE_SHARE = 0.4  # of the clips, which take up their speed in the frames that are those of the denoiser's clips
FIRST_WEIGHT = 1.3  # of the first frame of a clip, which people compare with their picture
MEASURED_SPEED, SLOW, MEASURED_FRAMES = 3.2, 0.8, 24  # of the moving clips that are measured, which start gently
# What a clip shows, and how often: all frames, a cross-dissolve, only the first frame of each chunk (as the condition
# of a start picture does), only the last one (as that of an end picture), the mask of one of these, nothing.
KINDS = {"whole": 0.72, "dissolve": 0.08, "first": 0.12, "last": 0.04, "mask": 0.02, "nothing": 0.02}
BLACK = -1.0
STEPS_WEIGHT = 0.25  # of how far changes from frame to frame are off
STANDING = 0.03  # smaller changes from frame to frame, in -1..1, count as those of a clip that stands still
SAVE_EVERY_S = 60
HOPELESS = 15.0  # dB of the held-out pictures


def of_single_frames(weights):
    """Returns the weights with decoder convolutions that do nothing in time, and change no clip that stands still."""
    changed = dict(weights)
    for name, weight in weights.items():
        if name.startswith("decoder.") and weight.dim() == 5 and weight.shape[2] == 3:
            changed[name] = torch.zeros_like(weight)
            changed[name][:, :, 1] = weight.sum(2)
    return changed


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


@torch.no_grad()
def in_motion(net, pictures, speed, size):
    """Yields clips that move over the held-out photographs, and what the autoencoder makes of them, both in -1..1."""
    device = next(net.model.parameters()).device
    height, width = size
    velocity = torch.tensor([[speed, 0.0]], device=device)
    gentle = torch.full((1,), canvases.GENTLE, device=device)
    for name, jpeg in pictures["held_out"]:
        if name in sources.MEASURED:
            picture = still(jpeg, (height, width + math.ceil(speed * MEASURED_FRAMES)))[:, :, 0].to(device)
            clip = canvases.slide(picture, torch.zeros_like(velocity), velocity, gentle, MEASURED_FRAMES, size)
            yield clip, net.decode(net.encode(clip)[0]).clamp(-1, 1)


def measure_moving(net, pictures, size=(192, 320)):
    """Returns the mean PSNR of the first frame, and of all, of clips that move over the held-out photographs, in dB."""
    found = [
        (psnr(made[:, :, 0], clip[:, :, 0]), psnr(made, clip))
        for clip, made in in_motion(net, pictures, MEASURED_SPEED, size)
    ]
    return np.mean(found, 0)


def measure_slow(net, pictures, size=(192, 320)):
    """Returns by how much steps from frame to frame of slow clips are off, in pixels: root of mean square, and most."""
    off = []
    wanted = -SLOW * canvases.course(MEASURED_FRAMES, torch.tensor([canvases.GENTLE]))[0]
    for _, made in in_motion(net, pictures, SLOW, size):
        off.append(tracking.places(made[0].transpose(0, 1), -1, wanted).cpu().diff() - wanted.diff())
    off = torch.stack(off)
    return off.square().mean().sqrt().item(), off.abs().max().item()


def random_velocity(count, device):
    """Returns [count, 2]: a quarter stands still, most of the rest moves along one axis."""
    kind = torch.rand(count, 1, device=device)
    axis = F.one_hot(torch.randint(0, 2, (count,), device=device), 2)
    way = 2 * torch.rand(count, 1, device=device) - 1
    axis = axis * way.sign() * way.abs() ** SLOWNESS * FASTEST
    free = (2 * torch.rand(count, 2, device=device) - 1) * FASTEST / 2
    return torch.where(kind < 0.25, torch.zeros_like(free), torch.where(kind < 0.8, axis, free))


def random_clips(pool, count, frames, size):
    velocity = random_velocity(count, pool.device)
    gentle = (torch.rand(count, device=pool.device) < GENTLE_SHARE) * canvases.GENTLE
    return canvases.random_clips(pool, velocity, gentle, frames, size)


class Batch:
    """Clips of random KINDS, and how much each frame of each counts."""

    def __init__(self, count, frames, height, width, device):
        self.size, self.frames = (height, width), frames
        self.clips = torch.zeros(count, 3, frames, height, width, device=device)
        self.weights = torch.ones(count, 1, frames, 1, 1, device=device)
        frame = torch.arange(frames, device=device).view(1, frames, 1, 1) % 8
        self.places = {"first": frame == 0, "last": frame == 7}
        self.share = torch.linspace(0, 1, frames, device=device).view(1, frames, 1, 1)

    def fill(self, pool):
        count = len(self.clips)
        self.clips.copy_(random_clips(pool, count, self.frames, self.size))
        self.weights.fill_(1)
        self.weights[:, :, 0] = FIRST_WEIGHT
        for clip, kind in enumerate(random.choices(list(KINDS), KINDS.values(), k=count)):
            if kind != "whole":
                self.change(clip, kind, pool)

    def change(self, clip, kind, pool):
        if kind == "dissolve":
            other = random_clips(pool, 1, self.frames, self.size)[0]
            self.clips[clip] += self.share * (other - self.clips[clip])
        elif kind in self.places:
            self.clips[clip] = torch.where(self.places[kind], self.clips[clip], BLACK)
            self.weights[clip] = torch.where(self.places[kind], 5.0, 0.4)
        else:
            shown = self.places[random.choice(list(self.places))]
            self.clips[clip] = torch.where(shown, 0.0, 1.0) if kind == "mask" else BLACK
            self.weights[clip] = 0.5


def differences(x):
    return x.diff(dim=-1).abs().mean() + x.diff(dim=-2).abs().mean()


def steps_off(error, video):
    """Returns how far the changes from frame to frame are off, as a share of the changes of the clip.

    So slow motions count as much as fast ones; textures that stand still while their clip moves count as a whole.
    """
    off, right = (x.diff(dim=2).square().mean((1, 2, 3, 4)) for x in (error, video))
    return ((off + 1e-6) / (right + STANDING**2)).sqrt().mean()


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
    difference = net.decode(latents) - video
    error = difference * weights
    root = (error.square().mean((1, 2, 3, 4)) + 1e-6).sqrt().mean()
    edges = differences(error)
    steps = STEPS_WEIGHT * steps_off(difference, video)
    return root + (0.05 + 0.4 * sharpness) * error.abs().mean() + 0.3 * sharpness * edges + steps + 5e-7 * divergence


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
    for shape in (SMALL, LARGE) if not options.tiny else ((2, 16, 32, 48), (2, 24, 48, 32)):
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
            size = (48, 80) if options.tiny else (192, 320)
            values, (first, moving) = measure(net, pictures, size), measure_moving(net, pictures, size)
            off, worst = measure_slow(net, pictures, size)
            took = (clock.now() - told) / (steps - steps_told)
            print(
                f"[{clock.now():6.1f}] step {steps}, {1000 * took:.0f} ms, rate {rate:.1e}, loss {loss.item():.4f}, "
                f"held out {np.mean(values):.2f} dB; moving {moving:.2f} dB, frame 0 {first:.2f} dB; slow steps {off:.3f} px off, "
                f"at most {worst:.2f}",
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
    parser.add_argument("--causal-start", action="store_true")
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
    random.seed(options.seed)
    model = reference.make_autoencoder(reference.read_config(options.config))
    start = {name: weight.float() for name, weight in load_file(options.start).items()}
    model.load_state_dict(of_single_frames(start) if options.causal_start else start)
    net = FastAutoencoder(model.to(device).to(memory_format=torch.channels_last_3d))
    size = (48, 80) if options.tiny else (192, 320)
    print(f"[{clock.now():6.1f}] held out {np.mean(measure(net, pictures, size)):.2f} dB", flush=True)
    train(net, pool.to(device), pictures, options, clock)
    save(model, options.out / "vae.safetensors")
    values = measure(net, pictures, size)
    print(f"[{clock.now():6.1f}] held out {np.mean(values):.2f} dB:", *(f"{value:.1f}" for value in values))


if __name__ == "__main__":
    main()
