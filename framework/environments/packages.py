"""Installed packages, made into wheels: what a plugin's scorer needs in an environment.

A wheel is made of the very files that are installed here, so that the scorer in the environment is
the one that the configuration was checked against, and no index has to have it. The format is PEP
427's; the metadata is core metadata.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from email import message_from_string
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

import framework
from framework.environments.contents import fingerprint_of
from framework.errors import PluginError

OURS = "dask-batch-endpoints"
_NEEDED_BY_PLUGINS = "pluggy>=1.7"
_OLDEST_PYTHON = ">=3.11"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What is installed into an environment beside what its users ask for.

    Attributes:
        name: The distribution's.
        version: Its version.
        requires_python: As its metadata says.
        files: What a wheel of it holds, by its place there; empty where it is installed from
            `requirement`.
        requirement: What pip is given where there are no files: a path, or name and version.
        fingerprint: Of the files.
    """

    name: str
    version: str
    requires_python: str = ""
    files: tuple[tuple[str, Path], ...] = ()
    requirement: str = ""
    metadata: str = ""
    fingerprint: str = ""

    def place_in(self, folder: Path) -> str:
        """Puts a wheel of it in a folder, if it is made of files; returns what pip is given."""
        if not self.files:
            return self.requirement
        wheel = folder / f"{_escaped(self.name)}-{self.version}-py3-none-any.whl"
        wheel.write_bytes(_wheel(self))
        return str(wheel)


def packages_of_scorer(distribution: str, scorer: str) -> tuple[Package, ...]:
    """What an environment needs for a scorer of a plugin: its distribution, and ours.

    Args:
        distribution: The one that registered the scorer; empty where it is a bare module.
        scorer: The scorer's name, for messages.

    Raises:
        PluginError: It can't be brought there.
    """
    if not distribution:
        raise PluginError(
            f"scorer {scorer!r} is of a module that is not installed, so it can't be brought into "
            "an environment: make a package of it, or take environment=current"
        )
    ours = _ours()
    return (ours,) if _escaped(distribution) == _escaped(OURS) else (ours, _package(distribution))


def _ours() -> Package:
    """Our own package, without what only the driver and instances need."""
    root = Path(framework.__file__).parent
    files = [file for file in sorted(root.rglob("*")) if _is_shipped(file)]
    try:
        version = metadata.version(OURS)
    except metadata.PackageNotFoundError:  # run from a checkout
        version = "0"
    return Package(
        name=OURS,
        version=version,
        requires_python=_OLDEST_PYTHON,
        files=tuple((f"framework/{file.relative_to(root).as_posix()}", file) for file in files),
        metadata=_metadata_text(OURS, version, _OLDEST_PYTHON, requires=[_NEEDED_BY_PLUGINS]),
        fingerprint=_fingerprint(files),
    )


def _is_shipped(file: Path) -> bool:
    return file.is_file() and file.suffix in {".py", ".typed"}


def _package(name: str) -> Package:
    distribution = metadata.distribution(name)
    requires_python = next(iter(distribution.metadata.get_all("Requires-Python") or []), "")
    plain = Package(
        name=distribution.name, version=distribution.version, requires_python=requires_python
    )
    origin = _editable_folder(distribution)
    if origin is not None:
        fingerprint = _folder_fingerprint(origin, name)
        return replace(plain, requirement=str(origin), fingerprint=fingerprint)
    files = tuple(_installed_files(distribution))
    if not _is_pure(distribution) or not files:
        return replace(plain, requirement=f"{plain.name}=={plain.version}")
    return replace(
        plain,
        files=files,
        metadata=distribution.read_text("METADATA") or "",
        fingerprint=_fingerprint(path for _, path in files),
    )


def _editable_folder(distribution: metadata.Distribution) -> Path | None:
    """The project that an editable installation refers to."""
    text = distribution.read_text("direct_url.json")
    try:
        told = json.loads(text) if text else {}
    except ValueError:
        return None
    if not told.get("dir_info", {}).get("editable"):
        return None
    path = Path(unquote(urlsplit(str(told.get("url"))).path))
    return path if path.is_dir() else None


def _folder_fingerprint(folder: Path, name: str) -> str:
    try:
        return fingerprint_of(folder)
    except ValueError as error:
        raise PluginError(f"the plugin {name} in {folder} {error}") from None


def _installed_files(distribution: metadata.Distribution) -> Iterator[tuple[str, Path]]:
    for file in distribution.files or ():
        path = Path(str(distribution.locate_file(file)))
        is_beside = ".." in file.parts or file.is_absolute()  # scripts, say
        is_ours = file.suffix != ".pyc" and not file.parts[0].endswith(".dist-info")
        if is_ours and not is_beside and path.is_file():
            yield file.as_posix(), path


def _is_pure(distribution: metadata.Distribution) -> bool:
    wheel = message_from_string(distribution.read_text("WHEEL") or "")
    return str(wheel.get("Root-Is-Purelib", "")).lower() == "true"


def _fingerprint(files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        total.update(len(content).to_bytes(8, "big") + file.name.encode() + content)
    return total.hexdigest()


def _metadata_text(name: str, version: str, python: str, *, requires: Iterable[str]) -> str:
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    return f"{head}Requires-Python: {python}\n{needs}"


def _wheel(package: Package) -> bytes:
    info = f"{_escaped(package.name)}-{package.version}.dist-info"
    content = {place: path.read_bytes() for place, path in package.files}
    content[f"{info}/METADATA"] = package.metadata.encode()
    content[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: framework\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    record = "".join(f"{place},{_hash(data)},{len(data)}\n" for place, data in content.items())
    content[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, data in content.items():
            archive.writestr(zipfile.ZipInfo(place, _EPOCH), data)
    return buffer.getvalue()


def _hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"


def _escaped(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
