"""The network that the training script trains and the scoring script loads."""

from __future__ import annotations

from torch import Tensor, nn


class DigitsNet(nn.Module):
    """A small convolutional network.

    Takes float images in 0…1, shape `[n, 1, 28, 28]`, and gives logits, shape `[n, 10]`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_block(1, 16),
            *_block(16, 32),
            nn.MaxPool2d(2),
            *_block(32, 64),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64 * 7 * 7, 32),
            nn.ReLU(),
            nn.Linear(32, 10),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Computes the logits of ten digits for each image."""
        return self.layers(images)


def _block(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(outputs), nn.ReLU()
