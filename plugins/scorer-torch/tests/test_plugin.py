from __future__ import annotations

import subprocess
import sys

from framework import Scorer
from scorer_torch import plugin
from scorer_torch.scorer import TorchScorer


def test_it_registers_the_scorer_torch_by_its_path():
    registered = {}

    def register(name, factory, *, summary=""):
        registered[name] = factory

    plugin.register_scorers(register=register)

    assert registered == {"torch": "scorer_torch.scorer:TorchScorer"}
    assert issubclass(TorchScorer, Scorer)


def test_neither_the_plugin_nor_the_scorer_imports_torch_when_imported():
    program = "import sys, scorer_torch.plugin, scorer_torch.scorer; print('torch' in sys.modules)"

    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "False"
