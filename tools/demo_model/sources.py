"""What the demo model learns from: the pictures of Debian packages, chosen by rule and packed into one file.

    python3 tools/demo_model/sources.py --unpacked FOLDER --out pictures.pkl

FOLDER has one folder per package, unpacked with `dpkg -x` (`apt-get download` fetches packages without installing
them). The file is a pickled dictionary: "photographs", "textures" and "held_out" are lists of (name, JPEG), "stamps"
is a list of (name, PNG with alpha). Needs Pillow and numpy.
"""

import argparse
import collections
import io
import pathlib
import pickle
import random

import numpy as np
from PIL import Image

PHOTOGRAPH_PACKAGES = ("plasma-workspace-wallpapers", "mate-backgrounds", "ukui-wallpapers", "python3-skimage")
LANDSCAPE_PACKAGE = "stellarium-data"  # its panoramas are photographs, the rest of its pictures textures
# How many pictures of each package are taken, by lot.
TEXTURE_COUNTS = {
    "stellarium-data": 50,
    "supertuxkart-data": 120,
    "flightgear-data-base": 80,
    "torcs-data": 20,
    "wesnoth-1.16-data": 19,
    "redeclipse-data": 80,
}
# Of these packages, only files with one of these folders on their way.
FOLDERS = {
    "flightgear-data-base": ("Terrain", "Previews"),
    "wesnoth-1.16-data": ("story",),
    "redeclipse-data": ("maps", "skyboxes"),
}
STAMP_PACKAGE, STAMP_COUNT = "tuxpaint-stamps-default", 120
# Never trained on: the twelve photographs whose PSNR is the model's figure, and the other pictures of the same
# packages.
HELD_OUT_PACKAGES = ("lomiri-wallpapers-16.04", "lomiri-wallpapers-20.04", "lomiri-wallpapers", "gnome-backgrounds")
MEASURED = (
    "Bridge_by_Sander_Klootwijk",
    "Dragonfly_by_Bolly",
    "Picture_0B_by_freespace",
    "Picture_1A_by_freespace",
    "aitzgorri_by_Aitzol_Berasategi",
    "analogpattern_by_Peter_Nerlich",
    "friends_by_Aitzol_Berasategi",
    "greentock_by_Peter_Nerlich",
    "life_by_Aitzol_Berasategi",
    "picosdeeuropa_by_Aitzol_Berasategi",
    "seeding_by_Clements_Engelhardt",
    "sunset_by_Aitzol_Berasategi",
)

SAMPLES = ("astronaut", "chelsea", "coffee", "hubble_deep_field", "motorcycle_left", "rocket")  # of scikit-image
NOT_SEEN_AS_COLOUR = ("normal", "_n.", "gloss", "mask", "spec", "rough", "bump", "-nm", "effect")
PHOTOGRAPH_SIDE, TEXTURE_SIDE, STAMP_SIDE = 640, 320, 160  # pixels of the short side; of the long side of a stamp
LEAST_DETAIL = 2  # mean difference of neighbours at 320x192, in grey levels: less is an empty picture


def files_of(folder, package):
    """Returns the pictures of an unpacked package, in the order of their names."""
    endings = {".jpg", ".jpeg", ".png", ".webp"}
    return sorted(path for path in (folder / package).rglob("*") if path.suffix.lower() in endings and path.is_file())


def open_opaque(path):
    """Returns an RGB picture, or None where the file is no picture, has holes, or is too small or too long."""
    try:
        picture = Image.open(path)
        if "A" in picture.getbands() or picture.mode == "P":
            picture = picture.convert("RGBA")
            if picture.getextrema()[3][0] < 250:
                return None
        picture = picture.convert("RGB")
    except (OSError, ValueError):
        return None
    return picture if 256 <= min(picture.size) and max(picture.size) <= 4 * min(picture.size) else None


def detail(picture):
    """Returns the mean difference of neighbouring pixels of a small copy, in grey levels."""
    grey = np.asarray(picture.resize((320, 192)).convert("L"), float)
    return abs(np.diff(grey, axis=0)).mean() + abs(np.diff(grey, axis=1)).mean()


def encode(picture, short_side):
    """Returns a JPEG of the picture, made smaller where its short side is longer than that."""
    scale = min(1, short_side / min(picture.size))
    size = [round(side * scale) for side in picture.size]
    out = io.BytesIO()
    picture.resize(size, Image.LANCZOS).save(out, "JPEG", quality=88)
    return out.getvalue()


def pack(paths, short_side, seen, most=None):
    """Returns (name, JPEG) of the pictures that show something that is not in `seen` yet, at most `most` of them."""
    packed = []
    for path in paths:
        picture = open_opaque(path) if len(packed) != most else None
        if picture is None or detail(picture) < LEAST_DETAIL:
            continue
        look = picture.resize((8, 8)).convert("L").tobytes()
        if look not in seen:
            seen.add(look)
            packed.append((path.stem, encode(picture, short_side)))
    return packed


def is_photograph(path, package):
    if package == "plasma-workspace-wallpapers":  # each wallpaper comes in many sizes: the widest of each is enough
        width, _, height = path.stem.partition("x")
        return width.isdigit() and height.isdigit() and int(width) >= 2560 and int(height) >= 1440
    if package == "python3-skimage":
        return path.stem in SAMPLES
    return True


def stamp(path):
    """Returns the PNG of a drawing with alpha, or None where it is too small."""
    picture = Image.open(path).convert("RGBA")
    if min(picture.size) < 60:
        return None
    picture.thumbnail((STAMP_SIDE, STAMP_SIDE), Image.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def photographs(folder, seen):
    found = []
    for package in PHOTOGRAPH_PACKAGES:
        paths = [path for path in files_of(folder, package) if is_photograph(path, package)]
        found.append((package, pack(paths, PHOTOGRAPH_SIDE, seen)))
    landscapes = [path for path in files_of(folder, LANDSCAPE_PACKAGE) if "landscapes" in path.parts]
    return found + [(LANDSCAPE_PACKAGE, pack(landscapes, PHOTOGRAPH_SIDE, seen))]


def textures(folder, seen, lot):
    found = []
    for package, count in TEXTURE_COUNTS.items():
        paths = [
            path
            for path in files_of(folder, package)
            if "landscapes" not in path.parts and not any(part in path.name.lower() for part in NOT_SEEN_AS_COLOUR)
        ]
        if package in FOLDERS:
            paths = [path for path in paths if set(FOLDERS[package]) & set(path.parts)]
        lot.shuffle(paths)
        found.append((package, pack(paths, TEXTURE_SIDE, seen, count)))
    return found


def stamps(folder, lot):
    paths = [path for path in files_of(folder, STAMP_PACKAGE) if not path.stem.endswith("_mirror")]
    lot.shuffle(paths)
    found = ((path.stem, stamp(path)) for path in paths)
    return [entry for entry in found if entry[1] is not None][:STAMP_COUNT]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unpacked", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    Image.MAX_IMAGE_PIXELS = None
    lot, seen = random.Random(1), set()
    kinds = {"photographs": photographs(options.unpacked, seen), "textures": textures(options.unpacked, seen, lot)}
    pictures = {kind: [entry for _, entries in found for entry in entries] for kind, found in kinds.items()}
    pictures["stamps"] = stamps(options.unpacked, lot)
    held_out = [path for package in HELD_OUT_PACKAGES for path in files_of(options.unpacked, package)]
    pictures["held_out"] = pack(held_out, PHOTOGRAPH_SIDE, set())
    counts = collections.Counter(
        {f"{kind} of {package}": len(entries) for kind, found in kinds.items() for package, entries in found}
    )
    counts.update({f"stamps of {STAMP_PACKAGE}": len(pictures["stamps"]), "held out": len(pictures["held_out"])})
    for name, count in counts.items():
        print(f"{count:5} {name}")
    options.out.write_bytes(pickle.dumps(pictures))
    print(f"{options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
