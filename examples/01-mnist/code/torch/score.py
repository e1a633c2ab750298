"""Scores images of handwritten digits with torch, in the form of Azure ML's batch endpoints."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import torch
from digits_net import DigitsNet
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2.functional import pil_to_tensor


def init() -> None:
    """Loads the model: once in each scorer process."""
    global model
    path = Path(os.environ["AZUREML_MODEL_DIR"]) / "digits.pt"
    model = DigitsNet()
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    model.eval()


@torch.inference_mode()
def run(mini_batch: list[str]) -> pd.DataFrame:
    """Scores one mini-batch of image files in one forward pass."""
    images = torch.stack([read(file) for file in mini_batch])
    probabilities = model(images.float() / 255).softmax(dim=1)
    best = probabilities.max(dim=1)
    return pd.DataFrame(
        {
            "file": [Path(file).name for file in mini_batch],
            "class": best.indices.numpy(),
            # Float sums differ in their last digits with the size of the batch: leave those out.
            "probability": best.values.double().numpy().round(3),
        }
    )


def read(file: str) -> Tensor:
    """The bytes of a gray image, shape `[1, height, width]`."""
    with Image.open(file) as image:
        return pil_to_tensor(image.convert("L"))
