"""Group norm of each frame with SiLU in one pass over memory (Triton).

PyTorch's group norm does not know frames, and takes three passes and a copy. Tensors are [B, C, T, H, W] with
channels last, which the kernels see as [frames, rows, channels].
"""

import torch
import triton
import triton.language as tl

STEPS = 16  # that one program of a kernel that adds up takes, one after the other


@triton.jit
def places(row, rows, channels: tl.constexpr, lanes: tl.constexpr):
    """Returns where the values of some rows of this program's frame lie, and which of them there are."""
    channel = tl.arange(0, lanes)
    frame = tl.program_id(0).to(tl.int64)
    mask = (row < rows)[:, None] & (channel < channels)[None, :]
    return (frame * rows + row)[:, None] * channels + channel[None, :], mask


@triton.jit
def of_channels(values, channels: tl.constexpr, lanes: tl.constexpr):
    """Returns what `values` [frames, channels] hold for each channel of this program's frame: [1, lanes]."""
    channel = tl.arange(0, lanes)
    return tl.load(values + tl.program_id(0) * channels + channel, mask=channel < channels, other=0.0)[None, :]


@triton.jit
def loaded(x, place, mask):
    return tl.load(x + place, mask=mask, other=0.0).to(tl.float32)


@triton.jit
def add_sums(out, first, second, channels: tl.constexpr, lanes: tl.constexpr):
    """Adds two sums of each channel to `out` [frames, 2, channels]."""
    channel = tl.arange(0, lanes)
    place = out + tl.program_id(0) * 2 * channels + channel
    tl.atomic_add(place, first, mask=channel < channels)
    tl.atomic_add(place + channels, second, mask=channel < channels)


@triton.jit
def through_silu(gradient, linear):
    """Returns the gradient of `linear` where `gradient` is that of silu(linear)."""
    sigmoid = tl.sigmoid(linear)
    return gradient * sigmoid * (1 + linear * (1 - sigmoid))


@triton.jit
def sums_kernel(x, out, rows, steps: tl.constexpr, channels: tl.constexpr, lanes: tl.constexpr, step: tl.constexpr):
    """Adds the sums and the sums of squares of each channel of a frame to `out`."""
    total, squares = tl.zeros([lanes], tl.float32), tl.zeros([lanes], tl.float32)
    for index in range(steps):
        row = (tl.program_id(1) * steps + index) * step + tl.arange(0, step)
        place, mask = places(row, rows, channels, lanes)
        value = loaded(x, place, mask)
        total += tl.sum(value, 0)
        squares += tl.sum(value * value, 0)
    add_sums(out, total, squares, channels, lanes)


@triton.jit
def apply_kernel(x, y, scale, shift, rows, channels: tl.constexpr, lanes: tl.constexpr, step: tl.constexpr):
    """Writes silu(x * scale + shift)."""
    place, mask = places(tl.program_id(1) * step + tl.arange(0, step), rows, channels, lanes)
    linear = loaded(x, place, mask) * of_channels(scale, channels, lanes) + of_channels(shift, channels, lanes)
    tl.store(y + place, (linear * tl.sigmoid(linear)).to(y.dtype.element_ty), mask=mask)


@triton.jit
def gradient_sums_kernel(
    x,
    g,
    scale,
    shift,
    out,
    rows,
    steps: tl.constexpr,
    channels: tl.constexpr,
    lanes: tl.constexpr,
    step: tl.constexpr,
):
    """Adds what scale and shift of each channel would change to `out`."""
    a, b = of_channels(scale, channels, lanes), of_channels(shift, channels, lanes)
    of_scale, of_shift = tl.zeros([lanes], tl.float32), tl.zeros([lanes], tl.float32)
    for index in range(steps):
        row = (tl.program_id(1) * steps + index) * step + tl.arange(0, step)
        place, mask = places(row, rows, channels, lanes)
        value = loaded(x, place, mask)
        through = through_silu(loaded(g, place, mask), value * a + b)
        of_scale += tl.sum(through * value, 0)
        of_shift += tl.sum(through, 0)
    add_sums(out, of_scale, of_shift, channels, lanes)


@triton.jit
def gradient_kernel(
    x,
    g,
    scale,
    shift,
    constant,
    linear_part,
    out,
    rows,
    channels: tl.constexpr,
    lanes: tl.constexpr,
    step: tl.constexpr,
):
    """Writes the gradient of x: through SiLU and scale, and through the statistics (constant + linear_part * x)."""
    place, mask = places(tl.program_id(1) * step + tl.arange(0, step), rows, channels, lanes)
    a = of_channels(scale, channels, lanes)
    value = loaded(x, place, mask)
    through = through_silu(loaded(g, place, mask), value * a + of_channels(shift, channels, lanes))
    of_statistics = of_channels(constant, channels, lanes) + of_channels(linear_part, channels, lanes) * value
    tl.store(out + place, (through * a + of_statistics).to(out.dtype.element_ty), mask=mask)


def grid_of(channels):
    """Returns the lanes that hold the channels, and the rows of one step."""
    lanes = max(16, triton.next_power_of_2(channels))
    return lanes, max(16, 4096 // lanes)


class NormAct(torch.autograd.Function):
    """y = silu(group_norm(x)), with statistics of each frame."""

    @staticmethod
    def forward(ctx, x, weight, bias, groups, eps):
        batch, channels, frames, height, width = x.shape
        x = x.permute(0, 2, 3, 4, 1).contiguous()
        count, rows = batch * frames, height * width
        lanes, step = grid_of(channels)
        sums = torch.zeros(count, 2, channels, device=x.device)
        sums_kernel[(count, triton.cdiv(rows, STEPS * step))](x, sums, rows, STEPS, channels, lanes, step)
        size = rows * (channels // groups)
        moments = sums.view(count, 2, groups, channels // groups).sum(3) / size
        mean = moments[:, 0]
        inverse = torch.rsqrt((moments[:, 1] - mean * mean).clamp_min(0) + eps)
        scale = inverse[:, :, None] * weight.float().view(1, groups, -1)
        shift = (bias.float().view(1, groups, -1) - mean[:, :, None] * scale).reshape(count, channels)
        scale = scale.reshape(count, channels)
        y = torch.empty_like(x)
        apply_kernel[(count, triton.cdiv(rows, step))](x, y, scale, shift, rows, channels, lanes, step)
        ctx.save_for_backward(x, scale, shift, mean, inverse, weight)
        ctx.shape = (count, rows, channels, groups, size)
        return y.permute(0, 4, 1, 2, 3)

    @staticmethod
    def backward(ctx, gradient):
        x, scale, shift, mean, inverse, weight = ctx.saved_tensors
        count, rows, channels, groups, size = ctx.shape
        gradient = gradient.permute(0, 2, 3, 4, 1).contiguous()
        lanes, step = grid_of(channels)
        sums = torch.zeros(count, 2, channels, device=x.device)
        gradient_sums_kernel[(count, triton.cdiv(rows, STEPS * step))](
            x, gradient, scale, shift, sums, rows, STEPS, channels, lanes, step
        )
        of_shift = sums[:, 1].view(count, groups, -1)
        of_scale = sums[:, 0].view(count, groups, -1) - mean[:, :, None] * of_shift
        of_bias = of_shift.sum(0).reshape(channels)
        of_weight = (of_scale * inverse[:, :, None]).sum(0).reshape(channels)
        of_inverse = (of_scale * weight.float().view(1, groups, -1)).sum(2)
        of_variance = -0.5 * of_inverse * inverse**3
        of_mean = -(of_shift * scale.view(count, groups, -1)).sum(2) - 2 * mean * of_variance
        wide = (count, groups, channels // groups)
        constant = (of_mean / size)[:, :, None].expand(wide).reshape(count, channels)
        linear_part = (2 * of_variance / size)[:, :, None].expand(wide).reshape(count, channels)
        of_x = torch.empty_like(x)
        gradient_kernel[(count, triton.cdiv(rows, step))](
            x, gradient, scale, shift, constant, linear_part, of_x, rows, channels, lanes, step
        )
        return of_x.permute(0, 4, 1, 2, 3), of_weight.to(weight.dtype), of_bias.to(weight.dtype), None, None
