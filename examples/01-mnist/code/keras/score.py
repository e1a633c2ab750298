"""Scores images of handwritten digits with Keras, in the form of Azure ML's batch endpoints."""

from __future__ import annotations

import os
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf


def init() -> None:
    """Loads the model: once in each scorer process."""
    global model
    path = Path(os.environ["AZUREML_MODEL_DIR"]) / "digits.keras"
    model = keras.saving.load_model(path, compile=False)


def run(mini_batch: list[str]) -> pd.DataFrame:
    """Scores one mini-batch of image files in one forward pass."""
    images = tf.stack([tf.io.decode_png(tf.io.read_file(file), channels=1) for file in mini_batch])
    probabilities = model(images, training=False).numpy()
    return pd.DataFrame(
        {
            "file": [Path(file).name for file in mini_batch],
            "class": probabilities.argmax(axis=1),
            # Float sums differ in their last digits with the size of the batch: leave those out.
            "probability": probabilities.max(axis=1).astype(np.float64).round(3),
        }
    )
