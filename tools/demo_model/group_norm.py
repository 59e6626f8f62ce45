"""Group norm of each frame, SiLU, and the padding of causal convolutions, in one pass over memory (Triton).

PyTorch's group norm does not know frames, and takes three passes and a copy. Tensors are [B, C, T, H, W] with
channels last.
"""

import torch
import triton
import triton.language as tl

ROWS_PER_PROGRAM = 1024


@triton.jit
def sums_kernel(
    x, out, rows, per_program: tl.constexpr, channels: tl.constexpr, lanes: tl.constexpr, step: tl.constexpr
):
    """Adds the sums and the sums of squares of each channel of a frame to `out` [frames, 2, channels]."""
    frame = tl.program_id(0).to(tl.int64)
    begin = tl.program_id(1) * per_program
    channel = tl.arange(0, lanes)
    inside = channel < channels
    total = tl.zeros([lanes], tl.float32)
    squares = tl.zeros([lanes], tl.float32)
    for offset in range(0, per_program, step):
        row = begin + offset + tl.arange(0, step)
        mask = (row < rows)[:, None] & inside[None, :]
        value = tl.load(x + (frame * rows + row)[:, None] * channels + channel[None, :], mask=mask, other=0.0).to(
            tl.float32
        )
        total += tl.sum(value, 0)
        squares += tl.sum(value * value, 0)
    tl.atomic_add(out + frame * 2 * channels + channel, total, mask=inside)
    tl.atomic_add(out + frame * 2 * channels + channels + channel, squares, mask=inside)


@triton.jit
def apply_kernel(
    x,
    y,
    scale,
    shift,
    rows,
    frames,
    padding: tl.constexpr,
    channels: tl.constexpr,
    lanes: tl.constexpr,
    step: tl.constexpr,
):
    """Writes silu(x * scale + shift); the first of `frames` frames is written `padding` times more, before itself."""
    frame = tl.program_id(0).to(tl.int64)
    row = tl.program_id(1) * step + tl.arange(0, step)
    channel = tl.arange(0, lanes)
    inside = channel < channels
    mask = (row < rows)[:, None] & inside[None, :]
    a = tl.load(scale + frame * channels + channel, mask=inside, other=0.0)[None, :]
    b = tl.load(shift + frame * channels + channel, mask=inside, other=0.0)[None, :]
    value = tl.load(x + (frame * rows + row)[:, None] * channels + channel[None, :], mask=mask, other=0.0).to(
        tl.float32
    )
    linear = value * a + b
    result = (linear * tl.sigmoid(linear)).to(y.dtype.element_ty)
    time = frame % frames
    target = (frame // frames) * (frames + padding) + time + padding
    tl.store(y + (target * rows + row)[:, None] * channels + channel[None, :], result, mask=mask)
    if padding > 0:
        if time == 0:
            for back in range(padding):
                place = (target - 1 - back) * rows + row
                tl.store(y + place[:, None] * channels + channel[None, :], result, mask=mask)


@triton.jit
def gradient_of_result(g, target, time, row, channel, mask, rows, padding: tl.constexpr, channels: tl.constexpr):
    """Returns the gradient of a frame, which is the sum over its copies."""
    total = tl.load(g + (target * rows + row)[:, None] * channels + channel[None, :], mask=mask, other=0.0).to(
        tl.float32
    )
    if padding > 0:
        if time == 0:
            for back in range(padding):
                place = (target - 1 - back) * rows + row
                total += tl.load(g + place[:, None] * channels + channel[None, :], mask=mask, other=0.0).to(tl.float32)
    return total


@triton.jit
def gradient_sums_kernel(
    x,
    g,
    scale,
    shift,
    out,
    rows,
    frames,
    per_program: tl.constexpr,
    padding: tl.constexpr,
    channels: tl.constexpr,
    lanes: tl.constexpr,
    step: tl.constexpr,
):
    """Adds what scale and shift of each channel would change to `out` [frames, 2, channels]."""
    frame = tl.program_id(0).to(tl.int64)
    begin = tl.program_id(1) * per_program
    channel = tl.arange(0, lanes)
    inside = channel < channels
    time = frame % frames
    target = (frame // frames) * (frames + padding) + time + padding
    a = tl.load(scale + frame * channels + channel, mask=inside, other=0.0)[None, :]
    b = tl.load(shift + frame * channels + channel, mask=inside, other=0.0)[None, :]
    of_scale = tl.zeros([lanes], tl.float32)
    of_shift = tl.zeros([lanes], tl.float32)
    for offset in range(0, per_program, step):
        row = begin + offset + tl.arange(0, step)
        mask = (row < rows)[:, None] & inside[None, :]
        value = tl.load(x + (frame * rows + row)[:, None] * channels + channel[None, :], mask=mask, other=0.0).to(
            tl.float32
        )
        gradient = gradient_of_result(g, target, time, row, channel, mask, rows, padding, channels)
        linear = value * a + b
        sigmoid = tl.sigmoid(linear)
        through = gradient * sigmoid * (1 + linear * (1 - sigmoid))
        of_scale += tl.sum(through * value, 0)
        of_shift += tl.sum(through, 0)
    tl.atomic_add(out + frame * 2 * channels + channel, of_scale, mask=inside)
    tl.atomic_add(out + frame * 2 * channels + channels + channel, of_shift, mask=inside)


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
    frames,
    padding: tl.constexpr,
    channels: tl.constexpr,
    lanes: tl.constexpr,
    step: tl.constexpr,
):
    """Writes the gradient of x: through SiLU and scale, and through the statistics (constant + linear_part * x)."""
    frame = tl.program_id(0).to(tl.int64)
    row = tl.program_id(1) * step + tl.arange(0, step)
    channel = tl.arange(0, lanes)
    inside = channel < channels
    mask = (row < rows)[:, None] & inside[None, :]
    time = frame % frames
    target = (frame // frames) * (frames + padding) + time + padding
    a = tl.load(scale + frame * channels + channel, mask=inside, other=0.0)[None, :]
    b = tl.load(shift + frame * channels + channel, mask=inside, other=0.0)[None, :]
    c = tl.load(constant + frame * channels + channel, mask=inside, other=0.0)[None, :]
    d = tl.load(linear_part + frame * channels + channel, mask=inside, other=0.0)[None, :]
    place = (frame * rows + row)[:, None] * channels + channel[None, :]
    value = tl.load(x + place, mask=mask, other=0.0).to(tl.float32)
    gradient = gradient_of_result(g, target, time, row, channel, mask, rows, padding, channels)
    linear = value * a + b
    sigmoid = tl.sigmoid(linear)
    through = gradient * sigmoid * (1 + linear * (1 - sigmoid))
    tl.store(out + place, (through * a + c + d * value).to(out.dtype.element_ty), mask=mask)


def grid_of(channels):
    """Returns the lanes that hold the channels, and the rows of one step."""
    lanes = max(16, triton.next_power_of_2(channels))
    return lanes, max(16, 4096 // lanes)


class NormAct(torch.autograd.Function):
    """y = silu(group_norm(x)) with the first frame repeated `padding` times before itself."""

    @staticmethod
    def forward(ctx, x, weight, bias, groups, eps, padding):
        batch, channels, frames, height, width = x.shape
        x = x.permute(0, 2, 3, 4, 1).contiguous()
        count, rows = batch * frames, height * width
        lanes, step = grid_of(channels)
        sums = torch.zeros(count, 2, channels, device=x.device)
        sums_kernel[(count, triton.cdiv(rows, ROWS_PER_PROGRAM))](
            x, sums, rows, ROWS_PER_PROGRAM, channels, lanes, step
        )
        size = rows * (channels // groups)
        moments = sums.view(count, 2, groups, channels // groups).sum(3) / size
        mean = moments[:, 0]
        inverse = torch.rsqrt((moments[:, 1] - mean * mean).clamp_min(0) + eps)
        scale = inverse[:, :, None] * weight.float().view(1, groups, -1)
        shift = (bias.float().view(1, groups, -1) - mean[:, :, None] * scale).reshape(count, channels)
        scale = scale.reshape(count, channels)
        y = torch.empty(batch, frames + padding, height, width, channels, device=x.device, dtype=x.dtype)
        apply_kernel[(count, triton.cdiv(rows, step))](x, y, scale, shift, rows, frames, padding, channels, lanes, step)
        ctx.save_for_backward(x, scale, shift, mean, inverse, weight)
        ctx.shape = (count, rows, channels, frames, groups, padding, size)
        return y.permute(0, 4, 1, 2, 3)

    @staticmethod
    def backward(ctx, gradient):
        x, scale, shift, mean, inverse, weight = ctx.saved_tensors
        count, rows, channels, frames, groups, padding, size = ctx.shape
        gradient = gradient.permute(0, 2, 3, 4, 1).contiguous()
        lanes, step = grid_of(channels)
        sums = torch.zeros(count, 2, channels, device=x.device)
        gradient_sums_kernel[(count, triton.cdiv(rows, ROWS_PER_PROGRAM))](
            x, gradient, scale, shift, sums, rows, frames, ROWS_PER_PROGRAM, padding, channels, lanes, step
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
            x, gradient, scale, shift, constant, linear_part, of_x, rows, frames, padding, channels, lanes, step
        )
        return of_x.permute(0, 4, 1, 2, 3), of_weight.to(weight.dtype), of_bias.to(weight.dtype), None, None, None
