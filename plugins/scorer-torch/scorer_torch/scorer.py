"""The scorer `torch`: decodes images, calls the model, and gives its best classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from framework import Scorer, ScoringContext
from scorer_torch.models import load_model

_PIL_MODES = {"rgb": "RGB", "gray": "L"}


class TorchScorer(Scorer):
    """Classifies images with an exported torch model.

    The model takes floats in 0…1, shape `[n, channels, height, width]`, and gives logits, shape
    `[n, classes]`. Each image becomes a row: `file`, `class`, `probability`, and with `top_k`
    above 1 `class_2`, `probability_2` and so on.

    Args:
        labels: The classes' names, in the order of the logits; else their numbers are given.
        mode: How images are decoded: `rgb` (3 channels) or `gray` (1 channel).
        image_size: What images are resized to: `[height, width]`, or one number for both. Left
            out, images stay as they are, and must be equally large.
        mean: Subtracted from each channel, then
        std: each channel is divided by this; give both or neither.
        top_k: How many classes are given, the most probable first.
        batch_size: Most images in one call of the model; a whole mini-batch unless given.
        device: `cpu`, `cuda`, or `auto`: the instance's GPU where there is one.
        decimals: What probabilities are rounded to. Float sums differ in their last digits with
            the size of a batch.
    """

    def __init__(
        self,
        *,
        labels: Sequence[str] | None = None,
        mode: Literal["rgb", "gray"] = "rgb",
        image_size: int | Sequence[int] | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        top_k: int = 1,
        batch_size: int | None = None,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        decimals: int | None = 4,
    ) -> None:
        _one_of("mode", mode, tuple(_PIL_MODES))
        _one_of("device", device, ("auto", "cpu", "cuda"))
        if (mean is None) != (std is None):
            raise ValueError("mean and std belong together: one of them is missing")
        if top_k < 1 or (batch_size is not None and batch_size < 1):
            raise ValueError(f"top_k and batch_size are at least 1, not {top_k} and {batch_size}")
        self.labels, self.mode, self.device, self.decimals = labels, mode, device, decimals
        self.image_size = [image_size] * 2 if isinstance(image_size, int) else image_size
        self.mean, self.std = mean, std
        self.top_k, self.batch_size = top_k, batch_size

    def load(self, context: ScoringContext) -> None:
        """Imports torch, and loads the model onto the device."""
        import torch

        if context.model_path is None:
            raise ValueError("the deployment has no model: set model.path to an exported model")
        has_gpu = torch.cuda.is_available()
        if self.device == "cuda" and not has_gpu:
            raise ValueError("device is cuda, and torch finds no GPU here: set device to auto")
        wanted = context.device or "cuda"
        self._device = torch.device(wanted if has_gpu and self.device != "cpu" else "cpu")
        self._model = load_model(context.model_path, self._device)

    def score(self, files: Sequence[Path]) -> list[dict[str, Any]]:
        """Gives a row for each file, in their order."""
        import torch

        images = self._stack(files)
        with torch.inference_mode():
            batches = images.split(self.batch_size or len(files))
            logits = torch.cat([self._model(batch.to(self._device)).cpu() for batch in batches])
            classes = logits.shape[1]
            if self.labels is not None and len(self.labels) != classes:
                raise ValueError(f"{len(self.labels)} labels for a model of {classes} classes")
            best = logits.double().softmax(dim=1).topk(min(self.top_k, classes))
        ranked = zip(files, best.indices.tolist(), best.values.tolist(), strict=True)
        return [self._row(file, indices, values) for file, indices, values in ranked]

    def _stack(self, files: Sequence[Path]) -> Any:
        import torch
        from torchvision.transforms.v2 import functional

        images = [self._decode(file) for file in files]
        for file, image in zip(files, images, strict=True):
            if image.shape != images[0].shape:
                sizes = f"{tuple(images[0].shape[1:])}, but {tuple(image.shape[1:])} in {file.name}"
                raise ValueError(f"images of different sizes: {sizes}: set image_size")
        batch = functional.to_dtype(torch.stack(images), torch.float32, scale=True)
        return batch if self.mean is None else functional.normalize(batch, self.mean, self.std)

    def _decode(self, file: Path) -> Any:
        from PIL import Image
        from torchvision.transforms.v2 import functional

        try:
            with Image.open(file) as image:
                if image.mode.startswith(("I", "F")):
                    raise ValueError(f"its pixels are no bytes (mode {image.mode}): convert it")
                pixels = functional.pil_to_tensor(image.convert(_PIL_MODES[self.mode]))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise ValueError(f"{file.name} can't be read as an image: {error}") from error
        if self.image_size is None or list(pixels.shape[-2:]) == list(self.image_size):
            return pixels
        return functional.resize(pixels, list(self.image_size), antialias=True)

    def _row(self, file: Path, classes: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
        row: dict[str, Any] = {"file": file.name}
        for rank, (index, value) in enumerate(zip(classes, values, strict=True), start=1):
            suffix = "" if rank == 1 else f"_{rank}"
            row[f"class{suffix}"] = index if self.labels is None else self.labels[index]
            row[f"probability{suffix}"] = (
                value if self.decimals is None else round(value, self.decimals)
            )
        return row


def _one_of(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ValueError(f"{name} is {value!r}: choose one of {', '.join(choices)}")
