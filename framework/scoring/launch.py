"""What it takes to start a scorer process: its command, its environment, its setup."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framework.domain.models import ModelSource

RUNNER = Path(__file__).parent / "child" / "__main__.py"
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)
_OF_OUR_PYTHON = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONEXECUTABLE",
    "PYTHONSTARTUP",
    "CONDA_PREFIX",
    "CONDA_DEFAULT_ENV",
    "__PYVENV_LAUNCHER__",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How the scorer processes of a pool are started; it travels to the instances.

    Attributes:
        factory: The scorer's class, `"package.module:Class"`.
        params: Its keyword arguments.
        code: The URL of the archive with the job's snapshot of the code; empty for none. Unpacked,
            it is the scorer's parameter `code`.
        code_origin: The folder that the code was taken from, for people to read.
        model: Where the model lies, if there is one.
        environment_variables: Set before anything of the user's is imported.
        encoding: How rows are encoded in the process; `None` to count them only.
        reserved: The output file's name, which a script may not write.
        logging_level: `warning`, `info` or `debug`.
        python: The interpreter; the instance's own where empty.
        threads: Threads that one process may use for arithmetic; 0 for its share of the cores.
        timeout_s: Seconds for one scoring call.
        init_timeout_s: Seconds for loading.
    """

    factory: str
    params: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    code_origin: str = ""
    model: ModelSource | None = None
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    encoding: Mapping[str, Any] | None = None
    reserved: str = ""
    logging_level: str = "info"
    python: str = ""
    threads: int = 0
    timeout_s: float = 30.0
    init_timeout_s: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The folders of one scorer process, on the instance.

    Attributes:
        folder: Private to the process: its output folder and what it sets aside.
        cwd: Where it starts.
        log: The file that its prints and logging go to.
        model_dir: The folder that contains the model under its own name; `None` for none.
    """

    folder: Path
    cwd: Path
    log: Path
    model_dir: Path | None

    @property
    def output(self) -> Path:
        """What the script sees as `AZUREML_BI_OUTPUT_PATH`."""
        return self.folder / "output"

    @property
    def aside(self) -> Path:
        """Where the files of finished mini-batches wait to be staged."""
        return self.folder / "aside"


def command(launch: Launch, channel_fd: int) -> list[str]:
    """The command line of a scorer process."""
    return [launch.python or sys.executable, "-u", str(RUNNER), str(channel_fd)]


def environment(launch: Launch, room: Room, inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment of a scorer process.

    Threads times processes are the cores, and Dask's nanny's settings do not leak into the
    scorer, unless the deployment's own `environment_variables` say otherwise.
    """
    result = dict(inherited)
    result.pop("MALLOC_TRIM_THRESHOLD_", None)
    if launch.python:
        _enter(result, launch.python)
    result.update(dict.fromkeys(_THREAD_VARIABLES, str(launch.threads)))
    result["AZUREML_BI_OUTPUT_PATH"] = str(room.output)
    if room.model_dir is not None:
        result["AZUREML_MODEL_DIR"] = result["MODEL_DIR"] = str(room.model_dir)
    result.update(launch.environment_variables)
    return result


def _enter(variables: dict[str, str], python: str) -> None:
    """Makes variables those of another environment: nothing of this process's Python is left."""
    for name in _OF_OUR_PYTHON:
        variables.pop(name, None)
    home = os.path.dirname(os.path.dirname(python))
    folders = [os.path.join(home, "bin"), variables.get("PATH", os.defpath)]
    variables["PATH"] = os.pathsep.join(folders)
    variables["VIRTUAL_ENV"] = home
    variables["PYTHONNOUSERSITE"] = "1"


def setup(launch: Launch, room: Room) -> dict[str, Any]:
    """The first frame that a scorer process gets."""
    name = launch.model.file_name if launch.model else ""
    return {
        "factory": launch.factory,
        "params": {**launch.params, **({"code": str(room.cwd)} if launch.code else {})},
        "cwd": str(room.cwd),
        "code_origin": launch.code_origin,
        "model_path": str(room.model_dir / name) if room.model_dir else "",
        "output_path": str(room.output),
        "aside": str(room.aside),
        "reserved": launch.reserved,
        "encoding": launch.encoding,
        "logging_level": launch.logging_level,
        "device": "",
    }
