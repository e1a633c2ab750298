"""Which GPUs of this machine a job may use: asked of the driver, without any library."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping

from framework.errors import UsageError

VARIABLE = "CUDA_VISIBLE_DEVICES"

_ANSWER_S = 60.0
_UUID = re.compile(r"^(?P<indent>\s*).*\(UUID: (?P<uuid>[^)\s]+)\)", flags=re.MULTILINE)
_NAMED = re.compile(r"(?:GPU|MIG)-[\w/-]+")


def visible_gpus(
    environ: Mapping[str, str], ask: Callable[[], str] | None = None
) -> tuple[str, ...]:
    """The devices, each as `CUDA_VISIBLE_DEVICES` names it.

    What that variable says is believed, with CUDA's own rules: what follows an index that is not
    there is not seen either. Without it, they are all that `nvidia-smi -L` lists, by their UUIDs;
    of a GPU that is cut into MIG devices, those.

    Args:
        environ: The driver's environment variables.
        ask: What `nvidia-smi -L` says.

    Raises:
        UsageError: There is none.
    """
    said = environ.get(VARIABLE)
    if said is None:
        return _listed((ask or _nvidia_smi)())
    devices: list[str] = []
    for each in (part.strip() for part in said.split(",")):
        if not (each.isdecimal() or _NAMED.fullmatch(each)):
            break
        devices.append(each)
    if not devices:
        raise UsageError(f"no GPU can be used: {VARIABLE} is {said!r}")
    if len(set(devices)) < len(devices):
        raise UsageError(f"{VARIABLE} is {said!r}: it names a device twice")
    return tuple(devices)


def _listed(answer: str) -> tuple[str, ...]:
    whole: dict[str, list[str]] = {}
    for found in _UUID.finditer(answer):
        if found["indent"] and whole:
            whole[next(reversed(whole))].append(found["uuid"])
        else:
            whole[found["uuid"]] = []
    if not whole:
        raise UsageError("no GPU can be used: nvidia-smi lists none")
    return tuple(device for gpu, parts in whole.items() for device in parts or [gpu])


def _nvidia_smi() -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        raise UsageError(
            f"no GPU can be found: there is no nvidia-smi here, and {VARIABLE} is not set"
        )
    try:
        done = subprocess.run(
            [program, "-L"], capture_output=True, text=True, timeout=_ANSWER_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"no GPU can be found: nvidia-smi does not answer: {error}") from error
    if done.returncode:
        reason = (done.stdout + done.stderr).strip().splitlines()
        raise UsageError(f"no GPU can be found: nvidia-smi: {reason[0] if reason else 'no answer'}")
    return done.stdout
