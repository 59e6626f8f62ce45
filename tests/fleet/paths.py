"""Where this folder's modules find those of the other tests. Imported before them."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("integration", "stranger", "soak", "fleet")]
