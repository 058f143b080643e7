"""Originals in PyTorch that the fault benchmark does not have; `torch_pairs.py` exports them, whole and broken."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class RootMeanSquare(nn.Module):
    """x [..., width] over the root of its mean square."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain, self.eps = nn.Parameter(torch.ones(width)), 1e-5

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.gain


class Attention(nn.Module):
    """Causal attention with rotary positions; x [batch, time, 24]."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(24, 24, bias=False) for _ in range(3))
        self.out, self.heads, self.first, self.scale = nn.Linear(24, 24), 3, 0, 8**-0.5

    def turned(self, x: Tensor, first: int = 0) -> Tensor:
        angle = torch.outer(torch.arange(first, 10 + first).float(), 0.3 ** torch.arange(4).float())
        a, b = x.chunk(2, -1)
        return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (f(x).unflatten(-1, (self.heads, 8)).transpose(1, 2) for f in (self.query, self.key, self.value))
        scores = self.turned(q, self.first) @ self.turned(k).transpose(2, 3) * self.scale
        hidden = torch.ones(10, 10, dtype=torch.bool).triu(1)
        y = scores.masked_fill(hidden, -1e9).softmax(-1) @ v
        return self.out(y.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention and a gated layer, with norms in front."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.mix, self.norm2 = RootMeanSquare(24), Attention(), RootMeanSquare(24)
        self.gate, self.up, self.down = nn.Linear(24, 40), nn.Linear(24, 40), nn.Linear(40, 24)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.mix(self.norm1(x))
        y = self.norm2(x)
        return x + self.down(functional.silu(self.gate(y)) * self.up(y))


class Writer(nn.Module):
    """tokens [batch, 10] -> logits [batch, 10, 40]."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.blocks = nn.Embedding(40, 24), nn.ModuleList([Block(), Block()])
        self.norm, self.head = RootMeanSquare(24), nn.Linear(24, 40)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.table(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class Seer(nn.Module):
    """image [batch, 3, 16, 16] -> logits [batch, 6]: wide depthwise kernels, norms channels-last, gates by channel."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 2, stride=2)
        self.wide, self.norm = nn.Conv2d(12, 12, 5, padding=2, groups=12), nn.LayerNorm(12)
        self.up, self.act, self.down = nn.Linear(12, 36), nn.GELU(), nn.Linear(36, 12)
        self.gamma = nn.Parameter(torch.full((12,), 0.5))
        self.squeeze, self.excite = nn.Conv2d(12, 4, 1), nn.Conv2d(4, 12, 1)
        self.pool, self.head = nn.MaxPool2d(3, 2, padding=1), nn.Linear(12, 6)

    def forward(self, image: Tensor) -> Tensor:
        x = self.stem(image)
        y = self.down(self.act(self.up(self.norm(self.wide(x).permute(0, 2, 3, 1)))))
        x = x + (self.gamma * y).permute(0, 3, 1, 2)
        gate = self.excite(torch.relu(self.squeeze(x.mean((2, 3), keepdim=True)))).sigmoid()
        return self.head(self.pool(x * gate).logsumexp((2, 3)))


class Listener(nn.Module):
    """wave [batch, 1, 96] -> words [batch, 24, 7]: strided convolutions, a gated unit, a GRU in both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv1d(1, 8, 5, stride=2, padding=2), nn.Conv1d(8, 16, 3, stride=2, padding=1)
        self.norm, self.gru = nn.GroupNorm(2, 8), nn.GRU(8, 9, batch_first=True, bidirectional=True)
        self.head = nn.Linear(18, 7)

    def forward(self, wave: Tensor) -> Tensor:
        x = functional.leaky_relu(self.norm(self.one(wave)), 0.1)
        y, _ = self.gru(functional.glu(self.two(x), 1).transpose(1, 2))
        return functional.log_softmax(self.head(y), -1)


class Painter(nn.Module):
    """image [batch, 2, 12, 12] -> mask [batch, 1, 12, 12]: down, up, and what was kept joined."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.norm = nn.Conv2d(2, 8, 3, padding=1), nn.InstanceNorm2d(8, affine=True)
        self.deep, self.up = nn.Conv2d(8, 12, 3, padding=1), nn.ConvTranspose2d(12, 8, 2, stride=2)
        self.last, self.act, self.pool = nn.Conv2d(16, 1, 3, padding=1), nn.Hardtanh(-1.5, 2.0), nn.AvgPool2d(2)

    def forward(self, image: Tensor) -> Tensor:
        kept = self.act(self.norm(self.down(image)))
        y = self.up(functional.softplus(self.deep(self.pool(kept))))
        return torch.sigmoid(self.last(torch.cat([kept, y], 1)))


def _made(kind: type[nn.Module]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(31)
        model = kind()
        for parameter in model.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, 0, 1.2 / parameter[0].numel() ** 0.5)
            else:
                nn.init.normal_(parameter, float(parameter.detach().mean() > 0.3), 0.25)
        return model.eval()


def writer() -> nn.Module:
    return _made(Writer)


def seer() -> nn.Module:
    return _made(Seer)


def listener() -> nn.Module:
    return _made(Listener)


def painter() -> nn.Module:
    return _made(Painter)
