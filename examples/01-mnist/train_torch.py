"""Trains the torch model on the first 7,000 digits, and tests it on the other 1,000.

Run it as `python train_torch.py --source mnist_digits.npz`.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "code" / "torch"))

from digits_net import DigitsNet  # noqa: E402  the network lies in the deployment's code folder

TRAINING_COUNT = 7000
EPOCHS = 20
BATCH_SIZE = 64
SEED = 0


def main() -> None:
    """Reads the source, trains, tests, and writes `models/torch/`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, required=True, help="the .npz: images and labels")
    parser.add_argument("--target", type=Path, default=HERE / "models" / "torch")
    arguments = parser.parse_args()

    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    with np.load(arguments.source) as source:
        images = torch.from_numpy(source["images"]).float().unsqueeze(1) / 255
        labels = torch.from_numpy(source["labels"]).long()

    model = train(images[:TRAINING_COUNT], labels[:TRAINING_COUNT])
    right = accuracy(model, images[TRAINING_COUNT:], labels[TRAINING_COUNT:])
    save(model, arguments.target)
    print(f"{right:.1%} right on unseen digits; the model is in {arguments.target}")


def train(images: Tensor, labels: Tensor) -> DigitsNet:
    """Trains a network on distorted copies of the images."""
    model = DigitsNet()
    steps = EPOCHS * math.ceil(len(images) / BATCH_SIZE)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    for epoch in range(1, EPOCHS + 1):
        model.train()
        total = 0.0
        for chosen in torch.randperm(len(images)).split(BATCH_SIZE):
            loss = F.cross_entropy(model(distort(images[chosen])), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        print(f"epoch {epoch}: loss {total / len(images):.4f}", flush=True)
    return model


def distort(images: Tensor) -> Tensor:
    """Rotates, scales and moves each image a little, each in its own way."""
    count = len(images)
    angle = (torch.rand(count) - 0.5) * 0.5
    scale = 1 + (torch.rand(count) - 0.5) * 0.3
    move = (torch.rand(count, 2, 1) - 0.5) * 0.3
    cos, sin = scale * angle.cos(), scale * angle.sin()
    turn = torch.stack([cos, -sin, sin, cos], dim=1).view(count, 2, 2)
    grid = F.affine_grid(torch.cat([turn, move], dim=2), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


@torch.inference_mode()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The part of the images that the model gets right."""
    model.eval()
    return (model(images).argmax(dim=1) == labels).float().mean().item()


def save(model: nn.Module, folder: Path) -> None:
    """Writes the weights, and the model as a whole for scorers that don't know its class."""
    folder.mkdir(parents=True, exist_ok=True)
    model.eval()
    torch.save(model.state_dict(), folder / "digits.pt")
    any_count = ({0: torch.export.Dim.DYNAMIC},)
    whole = torch.export.export(model, (torch.zeros(2, 1, 28, 28),), dynamic_shapes=any_count)
    torch.export.save(whole, folder / "digits.pt2")


if __name__ == "__main__":
    main()
