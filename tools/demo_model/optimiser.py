"""Muon for the matrices of a model, AdamW for the rest, with all state on the device so that a CUDA graph can hold a
step.

Muon (Jordan et al. 2024) makes the momentum of a matrix orthogonal before it is applied, which trains small
convolutional and transformer networks in fewer steps. An update is scaled to the size of AdamW's (Liu et al. 2025),
so one learning rate serves both.
"""

import collections

import torch

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5


def orthogonalised(matrices):
    """Returns matrices [n, rows, columns] with all singular values near 1."""
    a, b, c = NEWTON_SCHULZ
    wide = matrices.shape[1] <= matrices.shape[2]
    x = matrices.bfloat16() if wide else matrices.bfloat16().transpose(1, 2)
    x = x / (x.float().norm(dim=(1, 2), keepdim=True) + 1e-7).bfloat16()
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x if wide else x.transpose(1, 2)


class MuonAndAdam:
    """step() uses .grad of the parameters; `rate` is the learning rate, a tensor on the device."""

    def __init__(self, named_parameters, matrices, device, weight_decay=0.01, momentum=0.95):
        """`matrices` says by (name, parameter) which parameters are Muon's."""
        self.rate = torch.zeros((), device=device)
        self.weight_decay, self.momentum = weight_decay, momentum
        self.groups = collections.defaultdict(list)
        others = []
        for name, parameter in named_parameters:
            if matrices(name, parameter):
                self.groups[parameter.flatten(1).shape].append(parameter)
            else:
                others.append(parameter)
        self.buffers = {
            shape: [torch.zeros_like(parameter) for parameter in group] for shape, group in self.groups.items()
        }
        on_gpu = {"fused": True, "capturable": True} if torch.device(device).type == "cuda" else {}
        self.adam = torch.optim.AdamW(others, lr=self.rate, weight_decay=weight_decay, betas=(0.9, 0.98), **on_gpu)

    def parameters(self):
        return [parameter for group in self.groups.values() for parameter in group] + self.adam.param_groups[0][
            "params"
        ]

    def zero_grad(self):
        for parameter in self.parameters():
            parameter.grad = None

    @torch.no_grad()
    def step(self):
        self.adam.step()
        for shape, group in self.groups.items():
            gradients, buffers = [parameter.grad for parameter in group], self.buffers[shape]
            torch._foreach_lerp_(buffers, gradients, 1 - self.momentum)
            ahead = torch._foreach_lerp(gradients, buffers, self.momentum)
            update = orthogonalised(torch.stack([gradient.flatten(1) for gradient in ahead]))
            update = update.float() * (0.2 * max(shape) ** 0.5 * self.rate)
            for parameter, change in zip(group, update):
                parameter.mul_(1 - self.rate * self.weight_decay).sub_(change.view_as(parameter))


class StepGraph:
    """A function without arguments as a CUDA graph: called often, launched once. Without a GPU, simply the function."""

    pool = None

    def __init__(self, function, device):
        self.function, self.graph, self.result = function, None, None
        if torch.device(device).type != "cuda":
            return
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                function()
        torch.cuda.current_stream().wait_stream(stream)
        torch.cuda.synchronize()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, pool=StepGraph.pool):
            self.result = function()
        StepGraph.pool = StepGraph.pool or self.graph.pool()

    def __call__(self):
        if self.graph is None:
            return self.function()
        self.graph.replay()
        return self.result
