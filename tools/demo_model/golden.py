"""Makes two golden cases of the demo model with the public reference, in float32, and adds them to
tests/golden/cases.json.

    python3 tools/demo_model/golden.py --reference Ruyi-Models --golden tests/golden --photo tests/data/photo.jpg

Needs the reference's requirements (diffusers 0.31, transformers 4.46.3, einops, omegaconf) beside torch.
"""

import argparse
import json
import pathlib

import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import reference

MODEL = "ruyi-tiny"
HEIGHT, WIDTH = 96, 160
CASES = [  # name, frames, steps, camera, motion, end picture
    ("demo_left", 8, 3, "left", "3", False),
    ("demo_end", 16, 2, "auto", "auto", True),
]


class Noise:
    """Draws what the posterior samples are made of, and keeps it: the mask's first, then the pictures'."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)
        self.drawn = []

    def __call__(self, shape, **_):
        noise = torch.randn(*shape, generator=self.generator)
        self.drawn.append(noise)
        return noise


def make_pipeline(folder):
    from diffusers import DDIMScheduler
    from ruyi.models.autoencoder_magvit import AutoencoderKLMagvit
    from ruyi.models.transformer3d import HunyuanTransformer3DModel
    from ruyi.pipeline.pipeline_ruyi_inpaint import RuyiInpaintPipeline
    from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

    transformer = HunyuanTransformer3DModel.from_pretrained_2d(
        str(folder), subfolder="transformer", transformer_additional_kwargs=dict(reference.TRANSFORMER_SETTINGS)
    )
    vision = CLIPVisionModelWithProjection.from_pretrained(folder, subfolder="image_encoder")
    pipeline = RuyiInpaintPipeline(
        vae=AutoencoderKLMagvit.from_pretrained(folder, subfolder="vae").float().eval(),
        transformer=transformer.float().eval(),
        scheduler=DDIMScheduler.from_pretrained(folder, subfolder="scheduler"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
        clip_image_processor=CLIPImageProcessor.from_pretrained(folder, subfolder="image_encoder"),
        clip_image_encoder=vision.float().eval(),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def embeddings_of(folder, camera, motion):
    """Returns the pipeline's arguments for one choice of camera and motion."""
    stored = load_file(folder / "embeddings.safetensors")
    key = f"p.16x9movie{0 if motion == 'auto' else motion}{camera}"
    arguments = {}
    for prefix, name in (("", key), ("negative_", "n.default")):
        for number, suffix in (("1", ""), ("2", "_2")):
            arguments[f"{prefix}prompt_embeds{suffix}"] = stored[f"{name}.emb{number}"].float()
            arguments[f"{prefix}prompt_attention_mask{suffix}"] = stored[f"{name}.mask{number}"]
    return arguments


@torch.no_grad()
def run(pipeline, folder, case, pictures, seed):
    """Returns the tensors of one case."""
    import diffusers.models.autoencoders.vae as posterior
    from ruyi.utils.utils import get_image_to_video_latent

    name, frames, steps, camera, motion, has_end = case
    video, mask, clip_image = get_image_to_video_latent(
        pictures[:1], pictures[1:] if has_end else None, video_length=frames, sample_size=(HEIGHT, WIDTH)
    )
    noise, latents = Noise(seed), []
    shape = (1, 16, frames // 4, HEIGHT // 8, WIDTH // 8)
    initial = torch.randn(*shape, generator=torch.Generator().manual_seed(seed + 1))

    def keep(_, step, time, values):
        latents.append(values["latents"].clone())
        return {}

    posterior.randn_tensor = noise
    made = pipeline(
        video_length=frames,
        height=HEIGHT,
        width=WIDTH,
        guidance_scale=1.0,
        num_inference_steps=steps,
        video=video,
        mask_video=mask,
        clip_image=clip_image,
        latents=initial.clone(),
        callback_on_step_end=keep,
        **embeddings_of(folder, camera, motion),
    ).videos
    pipeline.vae.decoder.clear_cache()
    assert len(noise.drawn) == 2, "the reference drew another number of posterior samples"
    return {
        "in.init_noise": initial,
        "in.mask_noise": noise.drawn[0],
        "in.image_noise": noise.drawn[1],
        "out.latents": torch.stack(latents),
        "out.video": torch.as_tensor(made).float(),
        "out.input_video_u8": (video * 255).round().to(torch.uint8),
        "out.input_mask_u8": mask.to(torch.uint8),
    }


def entry_of(case):
    name, frames, steps, camera, motion, has_end = case
    params = {
        "frames": frames,
        "height": HEIGHT,
        "width": WIDTH,
        "steps": steps,
        "scheduler": "DDIM",
        "camera": camera,
        "motion": motion,
        "guidance_scale": 1.0,
        "aspect_ratio": "16:9",
        "start_images": [f"images/{name}_start0.png"],
        "end_images": [f"images/{name}_end.png"] if has_end else [],
        "tea_cache": None,
        "enhance_a_video": None,
    }
    outputs = ["out.input_video_u8", "out.input_mask_u8", "out.latents", "out.video"]
    return {
        "name": f"pipeline/{name}",
        "kind": "pipeline",
        "model": MODEL,
        "file": f"pipeline/{name}.safetensors",
        "params": params,
        "outputs": outputs,
        "tolerance_rel": 0.0001,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--reference", "--golden", "--photo"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    options = parser.parse_args()
    reference.use(options.reference, hidden=())
    folder = options.golden / "models" / MODEL
    pipeline = make_pipeline(folder)
    photo = Image.open(options.photo).convert("RGB").resize((2 * WIDTH, 2 * HEIGHT), Image.BICUBIC)
    pictures = [photo.crop((x, y, x + WIDTH, y + HEIGHT)) for x, y in ((20, 40), (110, 60))]
    index_file = json.loads((options.golden / "cases.json").read_text())
    for index, case in enumerate(CASES):
        entry = entry_of(case)
        for picture, path in zip(pictures, entry["params"]["start_images"] + entry["params"]["end_images"]):
            picture.save(options.golden / path)
        tensors = run(pipeline, folder, case, pictures, 100 * (index + 1))
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, options.golden / entry["file"])
        index_file["cases"] = [known for known in index_file["cases"] if known["name"] != entry["name"]] + [entry]
        print(entry["name"], *(f"{name} {tuple(tensor.shape)}" for name, tensor in tensors.items()))
    (options.golden / "cases.json").write_text(json.dumps(index_file, indent=1) + "\n")


if __name__ == "__main__":
    main()
