"""Loads models that were exported as a whole, so that no class of the user's is needed."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

EXPORTED, TORCHSCRIPT, WEIGHTS = "torch.export", "TorchScript", "weights"
_TELLING_ENTRIES = {
    "archive_format": EXPORTED,
    "serialized_exported_program.json": EXPORTED,  # before torch 2.8
    "constants.pkl": TORCHSCRIPT,
    "data.pkl": WEIGHTS,
}


def load_model(path: Path, device: Any) -> Any:
    """Loads a model onto a device, ready to be called with a batch.

    Args:
        path: A file of `torch.export.save` or `torch.jit.save`, or a folder with one such file.
        device: The `torch.device` to put it on.

    Raises:
        ValueError: The file holds something else, such as weights alone.
    """
    import torch
    from torch.export.passes import move_to_device_pass

    path = _only_model_in(path) if path.is_dir() else path
    if kind_of(path) == EXPORTED:
        # It is in evaluation mode if it was so when it was exported; that can't be changed later.
        return move_to_device_pass(torch.export.load(path), device).module()
    if kind_of(path) == TORCHSCRIPT:
        with warnings.catch_warnings():
            # The user can't help it here, and exporting is what the documentation recommends.
            warnings.filterwarnings("ignore", "`torch.jit.load` is deprecated", FutureWarning)
            return torch.jit.load(path, map_location=device).eval()
    found = "the weights of a model" if kind_of(path) == WEIGHTS else "no torch model"
    raise ValueError(
        f"{path.name} holds {found}, where this scorer needs a whole one: write it with "
        "torch.export.save(torch.export.export(model, …), 'model.pt2'), or use a scoring script"
    )


def kind_of(path: Path) -> str | None:
    """What a file holds by its contents, whatever its name; `None` for no model of torch's."""
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        entries = {PurePosixPath(name).name for name in archive.namelist()}
    return next((kind for entry, kind in _TELLING_ENTRIES.items() if entry in entries), None)


def _only_model_in(folder: Path) -> Path:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    models = [file for file in files if kind_of(file) in {EXPORTED, TORCHSCRIPT}]
    if len(models) == 1:
        return models[0]
    names = ", ".join(file.relative_to(folder).as_posix() for file in models or files) or "nothing"
    problem = "several models" if models else "no model exported as a whole"
    raise ValueError(f"the model's folder {folder.name} holds {problem}: {names}")
