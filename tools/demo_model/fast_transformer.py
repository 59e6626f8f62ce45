"""A fast forward of the reference's transformer over its own parameters, for training; bfloat16 on a GPU.

It also holds the vision encoder that gives the transformer its tokens of the first picture, as plain functions.
"""

import torch
import torch.nn.functional as F

ROTARY_BASE = 32
GATE_EPS = 256.0  # the reference passes the width where a small number was meant
CLIP_SIZE, CLIP_PATCH, CLIP_HEADS, CLIP_LAYERS = 112, 14, 4, 2
CLIP_MEAN, CLIP_DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def rotary_tables(rows, columns, head_size):
    """Returns cosines and sines [rows * columns, head_size] as the reference's pipeline makes them."""
    from diffusers.models.embeddings import get_2d_rotary_pos_embed

    if rows > columns:
        inner_rows, inner_columns = ROTARY_BASE, int(round(ROTARY_BASE / rows * columns))
    else:
        inner_rows, inner_columns = int(round(ROTARY_BASE / columns * rows)), ROTARY_BASE
    top, left = int(round((ROTARY_BASE - inner_rows) / 2.0)), int(round((ROTARY_BASE - inner_columns) / 2.0))
    crop = ((top, left), (top + inner_rows, left + inner_columns))
    return [torch.as_tensor(table).float() for table in get_2d_rotary_pos_embed(head_size, crop, (rows, columns))]


class Weights:
    """The parameters under a prefix, in the type of the arithmetic."""

    def __init__(self, parameters, prefix=""):
        self.parameters, self.prefix = parameters, prefix

    def sub(self, name):
        return Weights(self.parameters, f"{self.prefix}{name}.")

    def linear(self, x, name):
        return F.linear(x, self.parameters[f"{self.prefix}{name}.weight"], self.parameters[f"{self.prefix}{name}.bias"])

    def linears(self, x, names):
        """Returns the results of several layers, computed as one."""
        weight = torch.cat([self.parameters[f"{self.prefix}{name}.weight"] for name in names])
        bias = torch.cat([self.parameters[f"{self.prefix}{name}.bias"] for name in names])
        return F.linear(x, weight, bias).chunk(len(names), -1)

    def norm(self, x, name, eps=1e-6):
        weight = self.parameters[f"{self.prefix}{name}.weight"]
        return F.layer_norm(x, weight.shape, weight, self.parameters[f"{self.prefix}{name}.bias"], eps)


def rotated(x, tables):
    cosines, sines = tables
    swapped = x.unflatten(-1, (-1, 2)).flip(-1).flatten(-2)
    return (x * cosines + swapped * sines).to(x.dtype)


def attention(weights, x, heads, tables, context=None):
    """Attention of x [B, N, C] to itself, or to `context` [B, M, C'], whose keys are not rotated."""
    if context is None:
        query, key, value = weights.linears(x, ("to_q", "to_k", "to_v"))
    else:
        query = weights.linear(x, "to_q")
        key, value = weights.linears(context, ("to_k", "to_v"))
    query, key, value = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (query, key, value))
    query, key = rotated(weights.norm(query, "norm_q"), tables), weights.norm(key, "norm_k")
    if context is None:
        key = rotated(key, tables)
    result = F.scaled_dot_product_attention(query, key, value)
    return weights.linear(result.transpose(1, 2).flatten(2), "to_out.0")


def block(weights, x, conditions, skip):
    """One block; conditions are the time's shift, text, picture tokens, rotary tables and the positions in time."""
    shift, text, picture, tables, positions, heads = conditions
    if skip is not None:
        x = weights.linear(weights.norm(torch.cat([x, skip], -1), "skip_norm"), "skip_linear")
    x = x + positions
    x = x + attention(
        weights.sub("attn1"),
        weights.norm(x, "norm1.norm") + weights.linear(shift, "norm1.linear")[:, None],
        heads,
        tables,
    )
    x = x + attention(weights.sub("attn2"), weights.norm(x, "norm2"), heads, tables, text)
    seen = attention(weights.sub("attn_clip"), weights.norm(x, "norm_clip"), heads, tables, picture)
    value, gate = weights.linear(weights.norm(seen, "gate_clip.norm", GATE_EPS), "gate_clip.proj").chunk(2, -1)
    x = x + weights.norm(value * F.gelu(gate), "norm_clip_out")
    hidden = F.gelu(weights.linear(weights.norm(x, "norm3"), "ff.net.0.proj"), approximate="tanh")
    return x + weights.linear(hidden, "ff.net.2")


class FastTransformer:
    """Predicts v of latents [B, 16, T, h, w]; text1 and text2 [labels, 4, 64] are the embeddings of all labels."""

    def __init__(self, model, text1, text2):
        self.model, self.text1, self.text2 = model, text1, text2
        self.device = text1.device
        self.dtype = torch.bfloat16 if self.device.type == "cuda" else torch.float32
        self.heads = model.config.num_attention_heads
        self.tables, self.sizes = {}, {}

    def tables_of(self, frames, rows, columns):
        """Returns rotary tables [tokens, head size] and positions in time [tokens, C], made once."""
        key = (frames, rows, columns)
        if key not in self.tables:
            cosines, sines = rotary_tables(rows, columns, self.model.config.attention_head_dim)
            sines = sines * torch.tensor([-1.0, 1.0]).repeat(sines.shape[1] // 2)
            tables = tuple(table.repeat(frames, 1).to(self.device) for table in (cosines, sines))
            times = self.model.blocks[0].t_embed.pe[0, :frames].to(self.device, self.dtype)
            self.tables[key] = tables, times.repeat_interleave(rows * columns, 0)
        return self.tables[key]

    def conditions(self, label, time, picture, shows_picture, size):
        """Returns the time's embedding, text tokens and picture tokens."""
        count, model = len(label), self.model
        if size not in self.sizes:
            self.sizes[size] = torch.tensor([1024.0, 1024.0, *size, 0.0, 0.0], device=self.device)
        text2 = self.text2[label]
        sizes = self.sizes[size].repeat(count, 1)
        style = torch.zeros(count, dtype=torch.long, device=self.device)
        embedded = model.time_extra_emb(time.float(), text2, sizes, style, hidden_dtype=torch.float32)
        second = model.text_embedder(text2.flatten(0, 1)).view(count, -1, self.text1.shape[-1])
        text = torch.cat([self.text1[label], second], 1)
        tokens = model.clip_projection(picture)
        tokens = torch.where(shows_picture[:, None, None], tokens, model.clip_padding.expand(count, -1, -1))
        return embedded.float(), text.to(self.dtype), tokens.to(self.dtype)

    def __call__(self, latents, time, label, inpainting, picture, shows_picture):
        model, dtype = self.model, self.dtype
        weights = Weights({name: weight.to(dtype) for name, weight in model.named_parameters()})
        count, channels, frames, height, width = latents.shape
        rows, columns = height // 2, width // 2
        tables, positions = self.tables_of(frames, rows, columns)
        embedded, text, tokens = self.conditions(label, time, picture, shows_picture, (height * 8, width * 8))
        x = torch.cat([latents, inpainting], 1).transpose(1, 2).unflatten(4, (columns, 2)).unflatten(3, (rows, 2))
        x = x.permute(0, 1, 3, 5, 2, 4, 6).reshape(count, frames * rows * columns, -1).to(dtype)
        patch = model.pos_embed.proj
        x = F.linear(x, patch.weight.flatten(1).to(dtype), patch.bias.to(dtype))
        shift = F.silu(embedded).to(dtype)
        conditions = (shift, text, tokens, tables, positions, self.heads)
        skips, layers = [], len(model.blocks)
        for i in range(layers):
            x = block(weights.sub(f"blocks.{i}"), x, conditions, skips.pop() if i > layers // 2 else None)
            if i < layers // 2 - 1:
                skips.append(x)
        scale, offset = weights.linear(shift, "norm_out.linear").chunk(2, 1)
        x = F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale[:, None]) + offset[:, None]
        x = weights.linear(x, "proj_out").view(count, frames, rows, columns, 2, 2, -1)[..., :channels]
        return x.permute(0, 6, 1, 2, 4, 3, 5).reshape(latents.shape).float()


class Vision:
    """The vision encoder: pictures in -1..1 [B, 3, h, w] -> tokens [B, 64, 64]."""

    def __init__(self, weights, device):
        self.weights = {
            name.removeprefix("vision_model."): weight.float().to(device) for name, weight in weights.items()
        }
        self.mean = torch.tensor(CLIP_MEAN, device=device).view(1, 3, 1, 1)
        self.deviation = torch.tensor(CLIP_DEVIATION, device=device).view(1, 3, 1, 1)

    def pixels(self, pictures):
        height, width = pictures.shape[-2:]
        scale = CLIP_SIZE / min(height, width)
        size = (max(CLIP_SIZE, int(height * scale)), max(CLIP_SIZE, int(width * scale)))
        small = F.interpolate((pictures + 1) / 2, size=size, mode="bicubic", antialias=True).clamp(0, 1)
        top, left = (size[0] - CLIP_SIZE) // 2, (size[1] - CLIP_SIZE) // 2
        return (small[:, :, top : top + CLIP_SIZE, left : left + CLIP_SIZE] - self.mean) / self.deviation

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.weights[name + ".weight"], self.weights[name + ".bias"], 1e-5)

    def linear(self, x, name):
        return F.linear(x, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def __call__(self, pictures):
        weights, pixels = self.weights, self.pixels(pictures)
        x = F.conv2d(pixels, weights["embeddings.patch_embedding.weight"], stride=CLIP_PATCH).flatten(2).transpose(1, 2)
        first = weights["embeddings.class_embedding"].expand(len(x), 1, -1)
        x = torch.cat([first, x], 1) + weights["embeddings.position_embedding.weight"]
        x = self.norm(x, "pre_layrnorm")
        for layer in range(CLIP_LAYERS):
            name = f"encoder.layers.{layer}."
            normed = self.norm(x, name + "layer_norm1")
            projected = (self.linear(normed, f"{name}self_attn.{part}_proj") for part in "qkv")
            query, key, value = (part.unflatten(-1, (CLIP_HEADS, -1)).transpose(1, 2) for part in projected)
            seen = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
            x = x + self.linear(seen, name + "self_attn.out_proj")
            hidden = self.linear(self.norm(x, name + "layer_norm2"), name + "mlp.fc1")
            x = x + self.linear(hidden * torch.sigmoid(1.702 * hidden), name + "mlp.fc2")
        return x[:, 1:]
