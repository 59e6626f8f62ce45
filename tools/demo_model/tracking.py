"""How the content of a video moves: the measure that training and evaluation share."""

import torch

REACH = 14  # pixels around the expected place that are searched


def shifted_errors(frames, axis, shift):
    """Returns the mean square difference [T] where the frames, moved back by `shift` pixels, cover the first one."""
    length = frames.shape[axis]
    covered = length - abs(shift)
    here = frames[:1].narrow(axis, max(0, -shift), covered)
    there = frames.narrow(axis, max(0, shift), covered)
    return (here - there).square().flatten(1).mean(1)


def places(frames, axis, expected):
    """Returns by how many pixels the content of each frame moved along an axis (-2: down, -1: right), to a fraction.

    frames is [T, C, H, W]; expected [T] says near which places it is looked for.
    """
    expected = expected.to(frames.device).round()
    shifts = torch.arange(int(expected.min()) - REACH, int(expected.max()) + REACH + 1, device=frames.device)
    errors = torch.stack([shifted_errors(frames, axis, int(shift)) for shift in shifts])
    near = (shifts[:, None] - expected[None]).abs() <= REACH
    best = torch.where(near, errors, torch.inf).argmin(0).clamp(1, len(shifts) - 2)
    before, at, after = (errors.gather(0, (best + offset)[None])[0] for offset in (-1, 0, 1))
    return shifts[best] + 0.5 * (before - after) / (before - 2 * at + after + 1e-9)
