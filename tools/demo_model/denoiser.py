"""Trains the denoiser of the demo model over a finished autoencoder, on one GPU, for a given time.

    python3 tools/demo_model/denoiser.py --reference Ruyi-Models --pictures pictures.pkl --model FOLDER \\
        --vae vae.safetensors --seconds 250 --out FOLDER

--model is a model folder: its configurations, image encoder and embeddings are used, and its transformer is where
training starts. FOLDER receives transformer.0.safetensors and transformer.1.safetensors (float16) every minute, and
scale.json.
"""

import argparse
import json
import math
import pathlib
import random

import torch
from safetensors.torch import load_file, save_file

import canvases
import packing
import reference
from autoencoder import BLACK, Clock
from fast_autoencoder import FastAutoencoder
from fast_transformer import FastTransformer, Vision
from optimiser import MuonAndAdam, StepGraph

CAMERAS = ("static", "left", "right", "up", "down", "auto")
DIRECTIONS = {"static": (0, 0), "left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
SPEEDS = {1: 0.4, 2: 0.9, 3: 1.6, 4: 2.4}  # pixels per frame at a width of 160
MOTIONS = (0, 1, 2, 3, 4)  # 0: not named
# What the model does where the request leaves it the choice.
AUTO_CAMERA, UNNAMED_MOTION, UNNAMED_MOTION_OF_AUTO = "right", 2, 1
LABELS = ["negative"] + [(motion, camera) for motion in MOTIONS for camera in CAMERAS]
UNCONDITIONAL_SHARE, END_SHARE = 0.05, 0.25
FIRST_WEIGHT = 2.0  # of the first latent frame, which holds the frame that people compare with their picture
# (frames, height, width): clips that are encoded, clips of a batch, how often a step is of this size.
SIZES = {
    (24, 192, 320): (2880, 32, 0.46),
    (24, 192, 336): (384, 32, 0.06),
    (24, 320, 192): (512, 32, 0.1),
    (24, 256, 256): (384, 32, 0.08),
    (24, 96, 160): (1280, 64, 0.1),
    (48, 192, 320): (384, 16, 0.08),
    (16, 192, 320): (384, 32, 0.05),
    (8, 192, 320): (384, 32, 0.03),
    (16, 96, 160): (384, 64, 0.02),
    (8, 96, 160): (384, 64, 0.02),
}
TINY_SIZES = {(24, 32, 48): (6, 2, 0.7), (8, 48, 32): (4, 2, 0.3)}
CHUNK = 8  # frames that are encoded together
WARM_UP_STEPS = 100
TIMESTEPS = 1000
CLIP_SEEN_BELOW = 400  # timesteps: the pipeline shows the tokens of the first picture in the last steps only
SAVE_EVERY_S = 60


def motion_of(label):
    """Returns the (camera, motion) that a label of the API stands for; a camera that stands still has no motion."""
    motion, camera = label
    if camera == "auto":
        return AUTO_CAMERA, motion or UNNAMED_MOTION_OF_AUTO
    return camera, 0 if camera == "static" else motion or UNNAMED_MOTION


def velocity_of(label, width):
    """Returns pixels per frame (x, y) by which the window of a label slides."""
    camera, motion = motion_of(label)
    return [part * SPEEDS.get(motion, 0) * width / 160 for part in DIRECTIONS[camera]]


class Latents:
    """Encoded clips of one size (frames, height, width) with all that the denoiser is told about them."""

    def __init__(self, net, vision, scale, size):
        self.net, self.vision, self.scale, self.size = net, vision, scale, size
        chunk = torch.full((1, 3, CHUNK, *size[1:]), BLACK, device=net.taps.device)
        ones, first, last = torch.ones_like(chunk), torch.ones_like(chunk), torch.ones_like(chunk)
        first[:, :, 0], last[:, :, -1] = 0, 0
        self.black, self.unknown, self.first_known, self.last_known = (
            net.encode(part)[0] * scale for part in (chunk, ones, first, last)
        )

    def encode(self, video):
        return (self.net.sample(video) * self.scale).half()

    def encode_picture(self, picture, place):
        """Returns the latents of a chunk that shows one picture [B, 3, h, w] and is black otherwise."""
        chunk = torch.full((*picture.shape[:2], CHUNK, *picture.shape[2:]), BLACK, device=picture.device)
        chunk[:, :, place] = picture
        return self.encode(chunk)

    @torch.no_grad()
    def fill(self, pool, count, batch):
        parts, (frames, *size) = [], self.size
        for _ in range(-(-count // batch)):
            often = [0.3 if "static" in name else 1 for name in LABELS[1:]]
            label = random.choices(range(1, len(LABELS)), often, k=batch)
            velocity = torch.tensor([velocity_of(LABELS[i], size[1]) for i in label], device=pool.device)
            gentle = torch.full((batch,), canvases.GENTLE, device=pool.device)
            video = canvases.random_clips(pool, velocity, gentle, frames, size)
            ends = round(batch * END_SHARE) if frames > CHUNK else 0
            share = torch.linspace(0, 1, frames, device=pool.device).view(1, 1, frames, 1, 1)
            others = canvases.random_clips(pool, velocity[:ends], gentle[:ends], frames, size)
            video[:ends] += share * (others - video[:ends])
            start = self.encode_picture(video[:, :, 0], 0)
            has_end = torch.arange(batch, device=pool.device) < ends
            end = self.black.half().repeat(batch, 1, 1, 1, 1)
            if ends:
                end[:ends] = self.encode_picture(video[:ends, :, -1], CHUNK - 1)
            picture = self.vision(video[:, :, 0]).half()
            parts.append((self.encode(video), start, end, has_end, picture, torch.tensor(label, device=pool.device)))
        self.video, self.start, self.end, self.has_end, self.picture, self.label = map(torch.cat, zip(*parts))

    def inpainting(self, which):
        """Returns mask and pictures [B, 32, frames / 4, h, w] as the pipeline lays them before the transformer."""
        count, chunks = len(which), self.size[0] // CHUNK
        has_end = self.has_end[which].view(-1, 1, 1, 1, 1)
        masks = [self.first_known] + [self.unknown] * (chunks - 1)
        masks = [mask.expand(count, -1, -1, -1, -1) for mask in masks]
        pictures = [self.start[which].float()] + [self.black.expand(count, -1, -1, -1, -1)] * (chunks - 1)
        if chunks > 1:
            masks[-1] = torch.where(has_end, self.last_known, self.unknown)
            pictures[-1] = self.end[which].float()
        return torch.cat([torch.cat(masks, 2), torch.cat(pictures, 2)], 1)


class Batch:
    def __init__(self, latents, count, alphas):
        self.latents, self.alphas = latents, alphas
        video, device = latents.video, alphas.device
        self.video = torch.zeros(count, *video.shape[1:], device=device)
        self.inpainting = torch.zeros(count, 2 * video.shape[1], *video.shape[2:], device=device)
        self.picture = torch.zeros(count, *latents.picture.shape[1:], device=device)
        self.label = torch.zeros(count, dtype=torch.long, device=device)
        self.time = torch.zeros(count, dtype=torch.long, device=device)
        self.shows_picture = torch.zeros(count, dtype=torch.bool, device=device)
        self.weights = torch.ones(1, 1, video.shape[2], 1, 1, device=device)
        self.weights[:, :, 0] = FIRST_WEIGHT

    def fill(self):
        count, device = len(self.label), self.label.device
        which = torch.randint(0, len(self.latents.video), (count,), device=device)
        named = torch.rand(count, device=device) >= UNCONDITIONAL_SHARE
        self.video.copy_(self.latents.video[which])
        self.inpainting.copy_(self.latents.inpainting(which))
        self.picture.copy_(self.latents.picture[which])
        self.label.copy_(torch.where(named, self.latents.label[which], 0))
        self.time.copy_(torch.randint(0, TIMESTEPS, (count,), device=device))
        likely = torch.where(self.time < CLIP_SEEN_BELOW, 0.85, 0.15)
        self.shows_picture.copy_(named & (torch.rand(count, device=device) < likely))

    def loss(self, net, noise=None):
        noise = torch.randn_like(self.video) if noise is None else noise
        alpha = self.alphas[self.time].view(-1, 1, 1, 1, 1)
        noisy = alpha.sqrt() * self.video + (1 - alpha).sqrt() * noise
        target = alpha.sqrt() * noise - (1 - alpha).sqrt() * self.video
        predicted = net(noisy, self.time, self.label, self.inpainting, self.picture, self.shows_picture)
        return ((predicted - target).square() * self.weights).mean()


def alphas_of(config):
    """Returns the cumulated alphas of the scheduler's configuration ("scaled_linear")."""
    betas = torch.linspace(config["beta_start"] ** 0.5, config["beta_end"] ** 0.5, config["num_train_timesteps"]) ** 2
    return torch.cumprod(1 - betas, 0)


@torch.no_grad()
def scale_of(net, pool):
    """Returns the factor that gives latents of moving clips a deviation of 1."""
    velocity = torch.tensor([[2.0, 0], [0, -2], [0, 0], [4, 0]], device=pool.device)
    velocity = velocity.repeat(4, 1)
    at_once = torch.zeros(len(velocity), device=pool.device)
    clips = canvases.random_clips(pool, velocity, at_once, 8, (192, 320) if pool.is_cuda else (32, 48))
    return round(1 / net.encode(clips)[0].std().item(), 6)


def save(model, folder):
    weights = {name: weight.half() for name, weight in model.state_dict().items() if not name.endswith("t_embed.pe")}
    for index, part in enumerate(packing.parts(weights, 2)):
        save_file(part, folder / f"transformer.{index}.safetensors")


class Watched:
    """A batch at fixed times with fixed noise, to see how the loss falls."""

    def __init__(self, latents, count, alphas):
        self.batch = Batch(latents, count, alphas)
        self.batch.fill()
        self.batch.time.copy_(torch.linspace(50, 950, count).long())
        self.noise = torch.randn_like(self.batch.video)

    @torch.no_grad()
    def loss(self, net):
        return self.batch.loss(net, self.noise).item()


def train(net, sets, options, clock):
    device = net.device
    alphas = alphas_of(reference.read_config(options.model / "scheduler" / "scheduler_config.json")).to(device)
    trained = [(name, weight) for name, weight in net.model.named_parameters() if weight.requires_grad]
    optimiser = MuonAndAdam(trained, lambda name, weight: weight.dim() == 2 and name.startswith("blocks."), device)
    plans = []
    for latents, count, often in sets:
        batch = Batch(latents, count, alphas)
        batch.fill()

        def step(batch=batch):
            loss = batch.loss(net)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(optimiser.parameters(), 1.0, foreach=True)
            optimiser.step()
            return loss.detach()

        plans.append((batch, StepGraph(step, device), often))
        print(f"[{clock.now():6.1f}] a step of {latents.size} is ready", flush=True)
    watched = Watched(*sets[0][:2], alphas)
    clock.start_training()
    steps, total, told, saved = 0, 0.0, clock.now(), clock.now()
    while (share := clock.share()) < 1:
        rate = options.rate * min(1, (steps + 1) / WARM_UP_STEPS) * (0.5 + 0.5 * math.cos(math.pi * share))
        optimiser.rate.fill_(rate)
        batch, step, _ = random.choices(plans, [often for _, _, often in plans])[0]
        batch.fill()
        loss = step()
        steps += 1
        total = 0.98 * total + 0.02 * loss if steps > 1 else loss.clone()
        if steps % 20 == 0:
            total.item()  # so that the clock is not ahead of the device
        if clock.now() > told + options.tell_every:
            took = (clock.now() - clock.training_from) / steps
            print(
                f"[{clock.now():6.1f}] step {steps}, {1000 * took:.0f} ms each, rate {rate:.1e}, "
                f"loss {total.item():.4f}, at fixed times {watched.loss(net):.4f}",
                flush=True,
            )
            told = clock.now()
            if not math.isfinite(total.item()):
                raise SystemExit("the loss is not finite")
        if clock.now() > saved + SAVE_EVERY_S:
            save(net.model, options.out)
            saved = clock.now()


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--reference", "--pictures", "--model", "--vae", "--out"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    parser.add_argument("--vae-config", type=pathlib.Path, help="where it is not that of --model")
    parser.add_argument("--seconds", type=float, required=True, help="when to end, from the program's start")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--scale", type=float, help="that of the run which this one goes on from; measured otherwise")
    parser.add_argument("--canvases", type=int, default=4000)
    parser.add_argument("--processes", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tell-every", type=float, default=20)
    parser.add_argument("--tiny", action="store_true", help="tiny clips, to try the program on a CPU")
    return parser.parse_args()


def load_networks(options, device):
    """Returns autoencoder, vision encoder and transformer."""
    config = options.vae_config or options.model / "vae" / "config.json"
    autoencoder = reference.make_autoencoder(reference.read_config(config))
    autoencoder.load_state_dict({name: weight.float() for name, weight in load_file(options.vae).items()})
    autoencoder = autoencoder.to(device).to(memory_format=torch.channels_last_3d).requires_grad_(False)
    vision = Vision(load_file(options.model / "image_encoder" / "model.safetensors"), device)
    transformer = reference.make_transformer(reference.read_config(options.model / "transformer" / "config.json"))
    transformer.load_state_dict(packing.load(options.model / "transformer"), strict=False)
    embeddings = load_file(options.model / "embeddings.safetensors")
    keys = ["n.default"] + [f"p.16x9movie{motion}{camera}" for motion, camera in LABELS[1:]]
    text1, text2 = (
        torch.cat([embeddings[f"{key}.{part}"].float() for key in keys]).to(device) for part in ("emb1", "emb2")
    )
    return FastAutoencoder(autoencoder), vision, FastTransformer(transformer.to(device), text1, text2)


def main():
    options = parse()
    clock = Clock(options.seconds)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    random.seed(options.seed)
    pictures = canvases.load_pictures(options.pictures)
    pool = canvases.make_canvases(pictures, options.canvases, 1 + options.seed * 1_000_000, options.processes)
    print(f"[{clock.now():6.1f}] {len(pool)} canvases", flush=True)
    reference.use(options.reference)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pool = pool.to(device)
    autoencoder, vision, transformer = load_networks(options, device)
    scale = options.scale or scale_of(autoencoder, pool)
    (options.out / "scale.json").write_text(json.dumps({"scaling_factor": scale}))
    sets = []
    for size, (count, batch, often) in (TINY_SIZES if options.tiny else SIZES).items():
        with torch.no_grad():
            latents = Latents(autoencoder, vision, scale, size)
        latents.fill(pool, count, min(16, batch))
        sets.append((latents, batch, often))
        print(
            f"[{clock.now():6.1f}] {len(latents.label)} clips of {size}, deviation {latents.video.float().std():.3f}",
            flush=True,
        )
    train(transformer, sets, options, clock)
    save(transformer.model, options.out)
    print(f"[{clock.now():6.1f}] scaling factor {scale}; done", flush=True)


if __name__ == "__main__":
    main()
