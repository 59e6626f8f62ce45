"""Measures a demo model through the whole server, and prints the table of its README.

    ruyi-server --model models/ruyi-tiny &
    python3 tools/demo_model/evaluate.py --client build/dev/bin/ruyi-client --server 127.0.0.1:50051 \\
        --pictures pictures.pkl --reference Ruyi-Models --model models/ruyi-tiny --sheet contact-sheet.jpg

Each camera and motion is asked of another held-out photograph, at 320x192 and otherwise with the defaults. Needs
Pillow, numpy, torch, opencv-python-headless, and what the reference needs.
"""

import argparse
import math
import pathlib
import subprocess
import tempfile

import cv2
import numpy as np
import torch
from PIL import Image

import canvases
import packing
import reference
import sources
import tracking
from autoencoder import measure, still
from denoiser import DIRECTIONS, SPEEDS
from fast_autoencoder import FastAutoencoder

SIZE = (192, 320)
CAMERAS = ("left", "right", "up", "down")
SHEET_FRAMES = (0, 8, 16, 23)
MOVING_FROM = math.ceil(canvases.GENTLE)  # the first frame at full speed
MOVING_FRAMES = 8  # two latent frames, of which the first one holds frame 0


def picture_of(jpeg):
    """Returns the middle of a photograph at SIZE, uint8 [height, width, 3]."""
    return ((still(jpeg, SIZE)[0, :, 0].permute(1, 2, 0) + 1) * 127.5).round().to(torch.uint8).numpy()


def video_of(options, picture, camera, motion):
    """Returns the frames that the server makes of a picture: float [frames, height, width, 3] in 0..255."""
    with tempfile.TemporaryDirectory() as folder:
        image, out = pathlib.Path(folder) / "picture.png", pathlib.Path(folder) / "video.mp4"
        Image.fromarray(picture).save(image)
        command = [
            options.client,
            "--server",
            options.server,
            "generate",
            "--image",
            image,
            "--camera",
            camera,
            "--seed",
            "1",
            "--out",
            out,
        ] + (["--motion", str(motion)] if motion else [])
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        capture, frames = cv2.VideoCapture(str(out)), []
        while (read := capture.read())[0]:
            frames.append(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB))
    return np.stack(frames).astype(np.float32)


def course(frames, speed):
    """Returns the places that the content should have."""
    return speed * canvases.course(frames, torch.tensor([canvases.GENTLE]))[0].numpy()


def places_of(frames, axis, expected):
    """Returns the place of the content in every frame [frames, height, width, 3]; looks near the expected places."""
    return tracking.places(torch.from_numpy(frames).permute(0, 3, 1, 2), axis, torch.from_numpy(expected)).numpy()


def psnr(a, b):
    return 10 * np.log10(255**2 / np.square(a.astype(np.float32) - b).mean())


def chroma_variance(pixels):
    colours = cv2.cvtColor(pixels.astype(np.uint8).reshape(-1, 1, 3), cv2.COLOR_RGB2YCrCb)[:, 0, 1:].astype(np.float32)
    return colours.var(0).sum()


def border_ratio(frame, camera, width):
    """Returns the chroma variance of what came into view over that of the rest, in the last frame."""
    side = {"left": np.s_[:, :width], "right": np.s_[:, -width:], "up": np.s_[:width], "down": np.s_[-width:]}[camera]
    rest = {"left": np.s_[:, width:], "right": np.s_[:, :-width], "up": np.s_[width:], "down": np.s_[:-width]}[camera]
    return chroma_variance(frame[side]) / max(chroma_variance(frame[rest]), 1.0)


@torch.no_grad()
def kept_in_motion(net, picture, velocity):
    """Returns the PSNR of the first frame after the autoencoder alone, where the picture moves as in the video."""
    image = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
    gentle = torch.full((1,), canvases.GENTLE)
    clip = canvases.slide(image, torch.zeros(1, 2), torch.tensor([velocity]), gentle, MOVING_FRAMES, SIZE)
    made = (net.decode(net.encode(clip)[0]).clamp(-1, 1) + 1) * 127.5
    return psnr(picture, made[0, :, 0].permute(1, 2, 0).numpy())


def moving(options, net, photographs, alone, found):
    for place, camera in enumerate(CAMERAS):
        x, y = DIRECTIONS[camera]
        axis, sign = (-1, -x) if x else (-2, -y)  # what is seen moves against the camera
        speeds = []
        for motion in SPEEDS:
            name, picture = photographs[(3 * place + motion - 1) % len(photographs)]
            expected = sign * SPEEDS[motion] * SIZE[1] / 160
            frames = video_of(options, picture, camera, motion)
            wanted = course(len(frames), expected)
            places = places_of(frames, axis, wanted)
            speed = np.polyfit(np.arange(MOVING_FROM, len(frames)), places[MOVING_FROM:], 1)[0]
            steps = np.diff(places)
            found["speed"].append(abs(speed / expected - 1))
            found["step"].append(np.abs(steps - np.diff(wanted)).max())
            sharpness = psnr(picture, frames[0])
            found["first"].append(alone[name] - sharpness)
            found["first_in_motion"].append(
                kept_in_motion(net, picture, [side * abs(expected) for side in (x, y)]) - sharpness
            )
            if motion >= 3:
                found["border"].append(border_ratio(frames[-1], camera, round(abs(expected) * (len(frames) - 1))))
                found["rows"].append(frames[list(SHEET_FRAMES)])
            speeds.append(abs(speed))
            print(
                f"  {camera} {motion} of {name}: {speed:.2f} px/frame (expected {expected:.2f}), frame 0 "
                f"{found['first'][-1]:.1f} dB below the autoencoder, {found['first_in_motion'][-1]:.1f} below what that "
                "keeps of a picture that moves so, steps",
                *np.round(sign * steps, 1),
                flush=True,
            )
        print(f"{camera} " + " ".join(f"{speed * 160 / SIZE[1]:.2f}" for speed in speeds), flush=True)


def standing(options, photographs, alone, found):
    for name, picture in photographs[::3]:
        frames = video_of(options, picture, "static", None)
        found["still"] += [abs(places_of(frames[[0, -1]], axis, np.zeros(2))[1]) for axis in (-2, -1)]
        found["still_first"].append(alone[name] - psnr(picture, frames[0]))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--client", "--pictures", "--reference", "--model", "--sheet"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    parser.add_argument("--server", required=True)
    return parser.parse_args()


def main():
    options = parse()
    reference.use(options.reference)
    pictures = canvases.load_pictures(options.pictures)
    model = reference.make_autoencoder(reference.read_config(options.model / "vae" / "config.json"))
    model.load_state_dict(packing.load(options.model / "vae"))
    net = FastAutoencoder(model)
    measured = [name for name, _ in pictures["held_out"] if name in sources.MEASURED]
    alone = dict(zip(measured, measure(net, pictures)))
    print(f"autoencoder alone: {np.mean(list(alone.values())):.2f} dB", flush=True)
    photographs = [(name, picture_of(jpeg)) for name, jpeg in pictures["held_out"] if name in sources.MEASURED]
    found = {
        name: [] for name in ("speed", "step", "first", "first_in_motion", "border", "rows", "still", "still_first")
    }
    moving(options, net, photographs, alone, found)
    standing(options, photographs, alone, found)
    print(f"speed: at most {max(found['speed']):.1%} off; a step is at most {max(found['step']):.1f} px off")
    print(f"static: the content moves by at most {max(found['still']):.2f} px in 24 frames")
    print(
        f"frame 0 below the autoencoder: {np.mean(found['still_first']):.1f} dB with a static camera, "
        f"{np.mean(found['first']):.1f} dB with a moving one, and {np.mean(found['first_in_motion']):.1f} dB below what it "
        "keeps of a picture that moves as well"
    )
    print(
        f"chroma variance of what comes into view: {np.mean(found['border']):.2f} of that of the rest, at most "
        f"{max(found['border']):.2f}"
    )
    rows = [np.concatenate(list(row), 1) for row in found["rows"]]
    Image.fromarray(np.concatenate(rows).astype(np.uint8)).save(options.sheet)


if __name__ == "__main__":
    main()
