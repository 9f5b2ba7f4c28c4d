"""Which inputs of a linear layer to keep, and what its weights must be then, by least squares.

Linear algebra alone: knows nothing of models.
"""

from __future__ import annotations

import torch

__all__ = ["Problem"]

_RIDGE = 1e-3
_ROUNDS = 64


class Problem:
    """Fits `targets ≈ inputs @ weight.T + bias` over many rows, and removes inputs that it can do best without.

    The fit is drawn towards the weights that were there before, by a ridge relative to the mean square of the inputs:
    what few samples leave open stays as it was.

    Removal is greedy, by the rise of the squared error after all that remain were fitted anew: the Optimal Brain
    Surgeon (Hassibi, Stork & Wolff 1993), for blocks of inputs as in ZipLM (Kurtic, Frantar & Alistarh 2023,
    arXiv:2302.04089). The refit itself is the reconstruction of He, Zhang & Sun 2017 (arXiv:1707.06168).

    Parameters
    ----------
    weight
        (outputs, inputs).
    bias
        (outputs,), or `None` where the layer has none.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        rows = [weight.T.double()] + ([bias.double()[None]] if bias is not None else [])
        self._before = torch.cat(rows)
        self._biased = bias is not None
        size = self._before.shape[0]
        self._gram = torch.zeros(size, size, dtype=torch.float64)
        self._cross = torch.zeros_like(self._before)
        self._rows = 0

    @property
    def inputs(self) -> int:
        """Inputs of the layer, without the bias."""
        return self._before.shape[0] - int(self._biased)

    def add(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Take rows: (n, inputs) and (n, outputs)."""
        given = inputs.float()
        if self._biased:
            given = torch.cat([given, torch.ones(len(given), 1)], dim=1)
        self._gram += (given.T @ given).double()
        self._cross += (given.T @ targets.float()).double()
        self._rows += len(given)

    def weakest(self, block: int, count: int, *, refit: bool) -> torch.Tensor:
        """Inputs that stay, sorted, when `count` blocks of `block` neighbours are removed.

        Parameters
        ----------
        refit
            Judge by the error after a fit of what remains; otherwise by what each block adds to the output now.
        """
        blocks = self.inputs // block
        if not count:
            return torch.arange(self.inputs)
        removed = self._surgeon(block, count) if refit else self._energy(block).topk(count, largest=False).indices
        stays = torch.ones(blocks, dtype=torch.bool)
        stays[removed] = False
        return stays.repeat_interleave(block).nonzero().flatten()

    def fit(self, kept: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Weights (outputs, kept) and bias (outputs,) that fit best with these inputs alone."""
        every = torch.cat([kept, torch.tensor([self.inputs])]) if self._biased else kept
        gram, cross = self._drawn()
        solved = torch.linalg.solve(gram[every][:, every], cross[every])
        weight = solved[: len(kept)].T.contiguous()
        return weight, solved[-1].clone() if self._biased else None

    def _drawn(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Both sides of the normal equations, with the pull towards the weights before."""
        ridge = _RIDGE * float(self._gram.diagonal()[: self.inputs].mean()) or _RIDGE
        gram = self._gram + ridge * torch.eye(len(self._gram), dtype=torch.float64)
        return gram, self._cross + ridge * self._before

    def _energy(self, block: int) -> torch.Tensor:
        """Squared length of what each block of inputs adds to the output."""
        starts = range(0, self.inputs, block)
        parts = [slice(start, start + block) for start in starts]
        return torch.stack(
            [((self._gram[part, part] @ self._before[part]) * self._before[part]).sum() for part in parts]
        )

    def _surgeon(self, block: int, count: int) -> torch.Tensor:
        gram, cross = self._drawn()
        inverse = torch.linalg.inv(gram)
        weight = inverse @ cross
        blocks = self.inputs // block
        alive = torch.ones(blocks, dtype=torch.bool)
        at_once = 1 if block > 1 else max(1, -(-count // _ROUNDS))
        removed: list[int] = []
        while len(removed) < count:
            scores = self._rise(inverse, weight, block, alive)
            weakest = scores.topk(min(at_once, count - len(removed)), largest=False).indices
            alive[weakest] = False
            removed += weakest.tolist()
            gone = (weakest[:, None] * block + torch.arange(block)).flatten()
            column = inverse[:, gone]
            own = torch.linalg.inv(column[gone])
            weight.addmm_(column, own @ weight[gone], alpha=-1)
            inverse.addmm_(column, own @ column.T, alpha=-1)
            # What is removed is exactly zero now; a unit keeps the blocks that are looked at next invertible.
            inverse[gone, gone] = 1.0
        return torch.tensor(removed)

    def _rise(self, inverse: torch.Tensor, weight: torch.Tensor, block: int, alive: torch.Tensor) -> torch.Tensor:
        """How much the squared error rises without each block."""
        blocks, size = len(alive), len(alive) * block
        if block == 1:
            rise = weight[:size].square().sum(dim=1) / inverse.diagonal()[:size]
        else:
            places = torch.arange(size).reshape(blocks, block)
            own = inverse[places[:, :, None], places[:, None, :]]
            parts = weight[:size].reshape(blocks, block, -1)
            rise = (torch.linalg.solve(own, parts) * parts).sum(dim=(1, 2))
        return rise.masked_fill(~alive, float("inf"))
