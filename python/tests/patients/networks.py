"""Known patients in PyTorch and their healthy twins, with small made-up data that the twins learn in seconds."""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple, Tuple

import torch
from torch import nn

Data = Tuple[torch.Tensor, torch.Tensor]


def clusters(scale: float = 1.0, samples: int = 1000) -> Data:
    """Ten classes of two clusters each in 32 dimensions, which no line separates."""
    generator = torch.Generator().manual_seed(11)
    centres = torch.randn(20, 32, generator=generator)
    which = torch.randint(0, 20, (samples,), generator=generator)
    x = centres[which] + 0.3 * torch.randn(samples, 32, generator=generator)
    return x * scale, which % 10


def images(samples: int = 600) -> Data:
    """Four kinds of stripes at any phase, on 12 x 12 pixels."""
    generator = torch.Generator().manual_seed(12)
    label = torch.randint(0, 4, (samples,), generator=generator)
    row, column = torch.meshgrid(torch.arange(12.0), torch.arange(12.0), indexing="ij")
    along = torch.stack([row, column, (row + column) / 1.4, (row - column) / 1.4])[label]
    phase = 6.28 * torch.rand(samples, 1, 1, generator=generator)
    x = torch.sin(1.6 * along + phase) + 0.2 * torch.randn(samples, 12, 12, generator=generator)
    return x[:, None], label


def sentences(samples: int = 800) -> Data:
    """Eight words of twelve; the class is the kind of word that there is most of."""
    generator = torch.Generator().manual_seed(13)
    label = torch.randint(0, 4, (samples,), generator=generator)
    words = torch.randint(0, 12, (samples, 8), generator=generator)
    own = torch.rand(samples, 8, generator=generator) < 0.6
    words = torch.where(own, 3 * label[:, None] + words % 3, words)
    return words, label


def dense(depth: int, activation: Callable[[], nn.Module], wide: int = 32) -> nn.Sequential:
    layers: list = []
    for i in range(depth):
        layers += [nn.Linear(32 if i == 0 else wide, wide), activation()]
    return nn.Sequential(*layers, nn.Linear(wide, 10))


def convolutions(depth: int, activation: Callable[[], nn.Module], norm: bool) -> nn.Sequential:
    layers: list = []
    for i in range(depth):
        layers.append(nn.Conv2d(1 if i == 0 else 8, 8, 3, padding=1))
        if norm:
            layers.append(nn.BatchNorm2d(8))
        layers.append(activation())
        if i == 1:
            layers.append(nn.AvgPool2d(2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(72, 4))


class Mixer(nn.Module):
    """A block of a transformer; without skips nothing carries the signal past its layers."""

    def __init__(self, wide: int, skips: bool) -> None:
        super().__init__()
        self.skips = skips
        self.attention = nn.MultiheadAttention(wide, 4, batch_first=True)
        self.up, self.down = nn.Linear(wide, 2 * wide), nn.Linear(2 * wide, wide)
        self.norms = nn.ModuleList([nn.LayerNorm(wide), nn.LayerNorm(wide)]) if skips else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.skips:
            x = self.attention(x, x, x, need_weights=False)[0]
            return self.down(torch.relu(self.up(x)))
        h = self.norms[0](x)
        x = x + self.attention(h, h, h, need_weights=False)[0]
        return x + self.down(torch.relu(self.up(self.norms[1](x))))


class Transformer(nn.Module):
    def __init__(self, depth: int, skips: bool, wide: int = 32) -> None:
        super().__init__()
        self.words = nn.Embedding(12, wide)
        self.blocks = nn.Sequential(*(Mixer(wide, skips) for _ in range(depth)))
        self.head = nn.Linear(wide, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(self.words(x)).mean(1))


def zeros(model: nn.Module) -> nn.Module:
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    return model


def he(model: nn.Module) -> nn.Module:
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            nn.init.kaiming_normal_(module.weight)
            nn.init.zeros_(module.bias)
    return model


def frozen(model: nn.Sequential, layers: int) -> nn.Sequential:
    for module in list(model.children())[: 2 * layers]:
        module.requires_grad_(False)
    return model


class Patient(NamedTuple):
    model: Callable[[], nn.Module]
    data: Callable[[], Data]
    optimizer: Callable[[Any], torch.optim.Optimizer]
    steps: int
    #: The ailments that may be its cause; empty where it is healthy.
    cause: Tuple[str, ...]


def sgd(rate: float, momentum: float = 0.0) -> Callable[[Any], torch.optim.Optimizer]:
    return lambda p: torch.optim.SGD([x for x in p if x.requires_grad], lr=rate, momentum=momentum)


def adam(rate: float) -> Callable[[Any], torch.optim.Optimizer]:
    return lambda p: torch.optim.Adam(p, lr=rate)


PATIENTS: Dict[str, Patient] = {
    "deep sigmoid": Patient(lambda: dense(8, nn.Sigmoid), clusters, sgd(0.1), 400, ("vanishing-gradient",)),
    "deep relu": Patient(lambda: he(dense(8, nn.ReLU)), clusters, sgd(0.1), 400, ()),
    "sigmoid cnn": Patient(lambda: convolutions(8, nn.Sigmoid, False), images, sgd(0.1), 200, ("vanishing-gradient",)),
    "relu cnn": Patient(lambda: convolutions(5, nn.ReLU, True), images, sgd(0.1), 200, ()),
    "rate too large": Patient(lambda: he(dense(3, nn.Tanh)), clusters, sgd(10.0), 300, ("learning-rate-too-large", "diverged")),
    "rate that suits": Patient(lambda: he(dense(3, nn.Tanh)), clusters, sgd(0.2), 400, ()),
    "killed relu": Patient(
        lambda: he(dense(3, nn.ReLU)), clusters, sgd(8.0), 300, ("learning-rate-too-large", "dead-units", "diverged")
    ),
    "living relu": Patient(lambda: he(dense(3, nn.ReLU)), clusters, sgd(0.1), 400, ()),
    "all zeros": Patient(lambda: zeros(dense(3, nn.ReLU)), clusters, sgd(0.1), 300, ("dead-initialisation",)),
    "default start": Patient(lambda: dense(2, nn.ReLU, 64), clusters, sgd(0.3), 400, ()),
    "unscaled inputs": Patient(lambda: dense(2, nn.ReLU), lambda: clusters(300.0), sgd(0.1), 300, ("inputs-not-scaled",)),
    "scaled inputs": Patient(lambda: dense(2, nn.ReLU), clusters, sgd(0.3), 600, ()),
    "frozen layers": Patient(lambda: frozen(dense(4, nn.Tanh), 4), clusters, sgd(0.2), 400, ("frozen-layers",)),
    "trained layers": Patient(lambda: he(dense(4, nn.Tanh)), clusters, sgd(0.2), 400, ()),
    "transformer without skips": Patient(lambda: Transformer(6, False), sentences, sgd(0.1), 200, ("vanishing-gradient",)),
    "transformer with skips": Patient(lambda: Transformer(3, True), sentences, adam(1e-3), 250, ()),
}
