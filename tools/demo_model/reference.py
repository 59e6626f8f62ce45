"""The modules of the public reference, whose parameters we train.

It is github.com/IamCreateAI/Ruyi-Models at 6c7b597, with diffusers 0.31.
"""

import json
import sys
import types

# What predict_i2v.py gives the transformer beside its configuration, by config/default.yaml.
TRANSFORMER_SETTINGS = {"basic_block_type": "basic", "after_norm": False, "time_position_encoding": True}


def use(folder, hidden=("transformers", "accelerate", "peft")):
    """Makes `ruyi` importable from a checkout of the reference.

    It asks pkg_resources, which new releases of setuptools lack, for parse_version alone. The `hidden` packages are
    optional to diffusers, whose old release does not go with new releases of them.
    """
    for name in hidden:
        sys.modules[name] = None
    sys.modules["pkg_resources"] = types.SimpleNamespace(parse_version=lambda version: version)
    sys.path.insert(0, str(folder))


def settings(config):
    """Returns the configuration without the keys that only say what it belongs to."""
    return {key: value for key, value in config.items() if not key.startswith("_") and key != "block_out_channels"}


def make_autoencoder(config):
    from ruyi.models.autoencoder_magvit import AutoencoderKLMagvit

    return AutoencoderKLMagvit.from_config(settings(config))


def make_transformer(config):
    from ruyi.models.transformer3d import HunyuanTransformer3DModel

    return HunyuanTransformer3DModel.from_config(settings(config), **TRANSFORMER_SETTINGS)


def read_config(path):
    return json.loads(path.read_text())
