"""A fast forward of the reference's autoencoder over its own parameters, for training.

The arithmetic is that of the reference with slice_compression_vae and spatial_group_norm: clips go through in chunks of
8 frames, each for itself, but for the deepest layers of the decoder, which see the chunks before and after. On a GPU it
runs in bfloat16 with channels last.
"""

import torch
import torch.nn.functional as F

CHUNK = 8  # frames
LATENTS = 2  # latent frames of a chunk


def normalise(x, norm):
    """Returns silu(norm(x)) of each frame."""
    batch, channels, frames, height, width = x.shape
    flat = x.transpose(1, 2).reshape(batch * frames, channels, height, width)
    y = F.silu(F.group_norm(flat.float(), norm.num_groups, norm.weight, norm.bias, norm.eps)).to(x.dtype)
    return y.view(batch, frames, channels, height, width).transpose(1, 2)


def normalise_on_gpu(x, norm):
    from group_norm import NormAct

    return NormAct.apply(x, norm.weight, norm.bias, norm.num_groups, norm.eps)


# Rows (y - 1, y, y + 1) of a doubled picture are rows (j, j, j + 1) or (j, j + 1, j + 1) of the small one: the three
# taps of a convolution become two, for the even and for the odd rows.
EVEN_AND_ODD = (((1, 0, 0), (0, 1, 1)), ((1, 1, 0), (0, 0, 1)))


def double_and_convolve(x, weight, bias, taps, times):
    """Returns the 3x3x3 convolution of x with doubled height and width, each frame `times` times.

    It is computed on the small picture, as four convolutions with 2x2 taps: 2.25 times less work. taps is EVEN_AND_ODD
    as a tensor.
    """
    small = torch.einsum("octij,api,bqj->aboctpq", weight.float(), taps, taps).to(x.dtype)
    out_channels, height, width = weight.shape[0], x.shape[3], x.shape[4]
    small = small.reshape(4 * out_channels, *small.shape[3:]).contiguous(memory_format=torch.channels_last_3d)
    y = F.conv3d(x, small, bias.to(x.dtype).repeat(4), padding=1).permute(0, 2, 3, 4, 1)
    batch, frames = y.shape[:2]
    y = y.view(batch, frames, height + 1, width + 1, 2, 2, out_channels)
    rows = [torch.stack([y[:, :, a : a + height, b : b + width, a, b] for b in (0, 1)], 4) for a in (0, 1)]
    y = torch.stack(rows, 3)[:, :, None].expand(-1, -1, times, -1, -1, -1, -1, -1)
    y = y.reshape(batch, times * frames, 2 * height, 2 * width, out_channels)
    return y.permute(0, 4, 1, 2, 3)


class FastAutoencoder:
    """encode: [B, 3, T, H, W] in -1..1 -> mean and log variance [B, 16, T / 4, H / 8, W / 8]; decode goes back."""

    def __init__(self, model):
        self.model = model
        device = next(model.parameters()).device
        on_gpu = device.type == "cuda"
        self.taps = torch.tensor(EVEN_AND_ODD, dtype=torch.float32, device=device)
        self.dtype = torch.bfloat16 if on_gpu else torch.float32
        self.normalise = normalise_on_gpu if on_gpu else normalise

    def convolve(self, layer, x):
        padding = (1, *layer.padding[1:])
        return F.conv3d(x, layer.weight.to(self.dtype), layer.bias.to(self.dtype), layer.stride, padding)

    def pointwise(self, layer, x):
        if isinstance(layer, torch.nn.Identity):
            return x
        return F.conv3d(x, layer.weight.to(self.dtype), layer.bias.to(self.dtype))

    def residual(self, block, x):
        y = self.convolve(block.conv1, self.normalise(x, block.norm1))
        y = self.convolve(block.conv2, self.normalise(y, block.norm2))
        return y + self.pointwise(block.shortcut, x)

    def layout(self, x):
        return x.to(self.dtype).contiguous(memory_format=torch.channels_last_3d)

    def encode(self, video):
        batch, channels, frames, height, width = video.shape
        chunks = frames // CHUNK
        x = video.view(batch, channels, chunks, CHUNK, height, width).transpose(1, 2)
        x = self.layout(x.reshape(batch * chunks, channels, CHUNK, height, width))
        encoder = self.model.encoder
        x = self.convolve(encoder.conv_in, x)
        for block in encoder.down_blocks:
            for layer in block.convs:
                x = self.residual(layer, x)
            if block.downsampler is not None:
                x = self.convolve(block.downsampler.conv, F.pad(x, (0, 1, 0, 1)))
        for layer in encoder.mid_block.convs:
            x = self.residual(layer, x)
        x = self.convolve(encoder.conv_out, self.normalise(x, encoder.conv_norm_out))
        x = self.pointwise(self.model.quant_conv, x).float()
        x = x.reshape(batch, chunks, *x.shape[1:]).transpose(1, 2)
        x = x.reshape(batch, x.shape[1], chunks * LATENTS, *x.shape[4:])
        mean, log_variance = x.chunk(2, 1)
        return mean, log_variance.clamp(-30, 20)

    def deep(self, latents):
        """Returns the decoder's deepest features of each chunk [B * chunks, C, 2, h, w], which saw its neighbours."""
        decoder, frames = self.model.decoder, latents.shape[2]
        x = self.pointwise(self.model.post_quant_conv, self.layout(latents))
        windows, chunks = {}, []
        for begin in range(0, frames, LATENTS):
            first, last = max(0, begin - LATENTS), min(frames, begin + 2 * LATENTS)
            if (first, last) not in windows:
                y = self.convolve(decoder.conv_in, x[:, :, first:last])
                for layer in decoder.mid_block.convs:
                    y = self.residual(layer, y)
                windows[first, last] = y
            chunks.append(windows[first, last][:, :, begin - first : begin - first + LATENTS])
        return self.layout(torch.stack(chunks, 1).flatten(0, 1))

    def decode(self, latents):
        decoder = self.model.decoder
        x = self.deep(latents)
        for block in decoder.up_blocks:
            for layer in block.convs:
                x = self.residual(layer, x)
            if block.upsampler is not None:
                conv = block.upsampler.conv
                times = block.upsampler.temporal_upsample_factor
                x = double_and_convolve(x, conv.weight, conv.bias, self.taps, times)
        x = self.convolve(decoder.conv_out, self.normalise(x, decoder.conv_norm_out)).float()
        x = x.unflatten(0, (len(latents), -1)).transpose(1, 2)
        return x.flatten(2, 3)

    def sample(self, video):
        """Returns latents drawn from the posterior."""
        mean, log_variance = self.encode(video)
        return mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
