"""Pictures to move a camera over, and the clips that this gives.

A canvas is a picture of CANVAS_WIDTH x CANVAS_HEIGHT pixels: a photograph, a texture or drawn shapes, some with
stamps on it. A clip is a window that slides over a canvas at a known speed, so what comes into view is what really
was there; it may start gently.
"""

import io
import math
import multiprocessing
import pickle
import random

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw

CANVAS_WIDTH, CANVAS_HEIGHT = 448, 400
TURNS = (Image.ROTATE_90, Image.ROTATE_180, Image.ROTATE_270)
GENTLE = 4.0  # frames in which the demo's camera takes up its speed
PHOTOGRAPH_SHARE, TEXTURE_SHARE = 0.68, 0.2  # the rest are drawn shapes


def load_pictures(path):
    """Returns what sources.py packed."""
    with open(path, "rb") as file:
        return pickle.load(file)


def cut(picture, lot):
    """Returns a canvas out of a picture at a random scale; a picture that is too small goes on as its mirror image."""
    short_side = math.exp(lot.uniform(math.log(192), math.log(460)))
    scale = short_side / min(picture.size)
    size = (round(picture.width * scale * lot.uniform(0.95, 1.06)), round(picture.height * scale))
    picture = picture.resize(size, Image.LANCZOS)
    if lot.random() < 0.2:
        picture = picture.transpose(lot.choice(TURNS))
    pixels = np.asarray(picture)
    more_y, more_x = max(0, CANVAS_HEIGHT - pixels.shape[0]), max(0, CANVAS_WIDTH - pixels.shape[1])
    top, left = lot.randint(0, more_y), lot.randint(0, more_x)
    pixels = np.pad(pixels, ((top, more_y - top), (left, more_x - left), (0, 0)), mode="symmetric")
    y, x = lot.randint(0, pixels.shape[0] - CANVAS_HEIGHT), lot.randint(0, pixels.shape[1] - CANVAS_WIDTH)
    return Image.fromarray(np.ascontiguousarray(pixels[y : y + CANVAS_HEIGHT, x : x + CANVAS_WIDTH]))


def colour(lot):
    return tuple(lot.randrange(256) for _ in range(3))


def gradient(lot):
    """Returns a canvas whose colour changes steadily along a random direction."""
    angle = lot.uniform(0, 2 * math.pi)
    y, x = np.mgrid[0:CANVAS_HEIGHT, 0:CANVAS_WIDTH]
    along = np.cos(angle) * x / CANVAS_WIDTH + np.sin(angle) * y / CANVAS_HEIGHT
    along = (along - along.min()) / (np.ptp(along) + 1e-6)
    first, last = np.array(colour(lot)), np.array(colour(lot))
    return Image.fromarray((first + (last - first) * along[..., None]).astype(np.uint8))


def draw_shape(draw, lot):
    radius = min(4 / (lot.random() ** 0.6 + 0.02), 100)
    x, y = lot.uniform(-20, CANVAS_WIDTH + 20), lot.uniform(-20, CANVAS_HEIGHT + 20)
    kind = lot.random()
    if kind < 0.5:
        flat = radius * lot.uniform(0.4, 1)
        draw.ellipse([x - radius, y - flat, x + radius, y + flat], fill=colour(lot))
    elif kind < 0.8:
        angles = np.linspace(0, 2 * math.pi, lot.randint(4, 8))[:-1] + lot.random()
        draw.polygon(
            [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles], fill=colour(lot)
        )
    else:
        end = (x + lot.gauss(0, 80), y + lot.gauss(0, 80))
        draw.line([(x, y), end], fill=colour(lot), width=lot.randint(1, 8))


def shapes(lot):
    canvas = gradient(lot) if lot.random() < 0.6 else Image.new("RGB", (CANVAS_WIDTH, CANVAS_HEIGHT), colour(lot))
    draw = ImageDraw.Draw(canvas)
    for _ in range(lot.choice([0, 6, 20, 60])):
        draw_shape(draw, lot)
    return canvas


def add_stamp(canvas, drawing, lot):
    drawing = Image.open(io.BytesIO(drawing)).convert("RGBA")
    size = max(16, round(max(drawing.size) * math.exp(lot.uniform(math.log(0.3), math.log(0.9)))))
    drawing.thumbnail((size, size), Image.LANCZOS)
    place = (lot.randint(-size // 3, CANVAS_WIDTH - size // 2), lot.randint(-size // 3, CANVAS_HEIGHT - size // 2))
    canvas.paste(drawing, place, drawing)


def canvas(pictures, seed):
    """Returns one canvas as uint8 [height, width, 3]; the same for the same seed."""
    lot = random.Random(seed)
    kind = lot.random()
    if kind < PHOTOGRAPH_SHARE + TEXTURE_SHARE:
        source = pictures["photographs" if kind < PHOTOGRAPH_SHARE else "textures"]
        made = cut(Image.open(io.BytesIO(lot.choice(source)[1])), lot)
        stamps = lot.choice([0, 0, 0, 0, 1, 2])
    else:
        made = shapes(lot)
        stamps = lot.choice([1, 2, 4])
    for _ in range(stamps):
        add_stamp(made, lot.choice(pictures["stamps"])[1], lot)
    return np.asarray(made)


class CanvasMaker:
    """Makes a canvas in a worker process, which has the pictures by fork."""

    def __init__(self, pictures):
        self.pictures = pictures

    def __call__(self, seed):
        return canvas(self.pictures, seed)


def make_canvases(pictures, count, first_seed, processes):
    """Returns uint8 [count, 3, height, width]."""
    with multiprocessing.get_context("fork").Pool(processes, torch.set_num_threads, (1,)) as pool:
        made = pool.map(CanvasMaker(pictures), range(first_seed, first_seed + count), chunksize=64)
    return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2).contiguous()


def vary_colours(images):
    """Changes saturation, contrast and brightness of most images, and the order of the channels of some."""
    count, device = len(images), images.device

    def between(low, high):
        return low + (high - low) * torch.rand(count, 1, 1, 1, device=device)

    amount = (torch.rand(count, 1, 1, 1, device=device) < 0.5).float()
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (1 + amount * between(-0.5, 0.4))
    images = images * (1 + amount * between(-0.3, 0.2)) + amount * between(-0.2, 0.2)
    order = torch.rand(count, 3, device=device).argsort(1)
    keep = torch.rand(count, 1, device=device) > 0.2
    order = torch.where(keep, torch.arange(3, device=device), order)
    return images.gather(1, order[:, :, None, None].expand_as(images)).clamp(-1, 1)


def course(frames, gentle):
    """Returns how far a window has moved in each frame [n, frames], counted in steps at full speed.

    It takes up its speed evenly for the first `gentle` frames, a tensor [n].
    """
    time = torch.arange(frames, device=gentle.device)[None]
    gentle = gentle[:, None]
    return torch.where(time < gentle, time**2 / (2 * gentle.clamp_min(1e-6)), time - gentle / 2)


def slide(images, start, velocity, gentle, frames, size):
    """Returns clips [n, 3, frames, height, width] of windows that move from `start` with `velocity` (x, y in pixels).

    images is [n, 3, H, W]; start and velocity are [n, 2], gentle is [n] as in course(); size is (height, width).
    Fractions are interpolated bicubically.
    """
    count, _, full_height, full_width = images.shape
    height, width = size
    at = start[:, None] + velocity[:, None] * course(frames, gentle)[:, :, None]
    x = torch.arange(width, device=images.device) + at[:, :, 0:1] + 0.5
    y = torch.arange(height, device=images.device) + at[:, :, 1:2] + 0.5
    x, y = x / full_width * 2 - 1, y / full_height * 2 - 1
    shape = (count, frames, height, width)
    grid = torch.stack([x[:, :, None, :].expand(shape), y[:, :, :, None].expand(shape)], -1)
    grid = grid.reshape(count, frames * height, width, 2)
    clips = F.grid_sample(images, grid, mode="bicubic", align_corners=False, padding_mode="reflection")
    return clips.clamp(-1, 1).view(count, 3, frames, height, width)


def random_clips(canvases, velocity, gentle, frames, size):
    """Returns clips in -1..1 of random canvases, mirrored and recoloured at random.

    velocity is [n, 2], x and y in pixels per frame; gentle is [n], frames in which it is taken up.
    """
    count, device = len(velocity), canvases.device
    which = torch.randint(0, len(canvases), (count,), device=device)
    images = vary_colours(canvases[which].float() / 127.5 - 1)
    mirrored = torch.rand(count, 2, device=device) < torch.tensor([0.5, 0.1], device=device)
    images = torch.where(mirrored[:, 0].view(-1, 1, 1, 1), images.flip(3), images)
    images = torch.where(mirrored[:, 1].view(-1, 1, 1, 1), images.flip(2), images)
    span = velocity.abs() * (frames - 1)
    room = (torch.tensor([CANVAS_WIDTH - size[1], CANVAS_HEIGHT - size[0]], device=device) - span).clamp_min(0)
    start = torch.where(velocity < 0, span, torch.zeros_like(span)) + torch.rand(count, 2, device=device) * room
    return slide(images, start.round(), velocity, gentle, frames, size)
