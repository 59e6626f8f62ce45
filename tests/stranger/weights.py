"""Files of weights, as strangers write them: the format safetensors, by its description."""

import json
import struct

MAPPED_BYTES = 64 << 20  # from this size on the server maps a file


def _write(path, header, data, padding=0):
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
        file.truncate(file.tell() + padding)


def write_lora(path, value, layer="blocks_0_attn1_to_q", size=256):
    """A LoRA of rank 1 that adds `value` * `value` to every weight of a layer of the demo model."""
    names = (f"lora_unet__{layer}.lora_down.weight", f"lora_unet__{layer}.lora_up.weight")
    shapes = ([1, size], [size, 1])
    header = {name: {"dtype": "F32", "shape": shape, "data_offsets": [4 * size * place, 4 * size * (place + 1)]}
              for place, (name, shape) in enumerate(zip(names, shapes))}
    _write(path, header, struct.pack("<f", value) * 2 * size)


def make_large(path):
    """Adds zeros to a file of weights that no layer uses, so that the server maps it."""
    whole = path.read_bytes()
    (size,) = struct.unpack("<Q", whole[:8])
    header = json.loads(whole[8:8 + size])
    data = whole[8 + size:]
    header["padding"] = {"dtype": "F32", "shape": [MAPPED_BYTES // 4],
                         "data_offsets": [len(data), len(data) + MAPPED_BYTES]}
    _write(path, header, data, MAPPED_BYTES)
