"""One version of a model, and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from framework.errors import ModelError, StorageError
from framework.models.content import Content, ContentFile
from framework.models.references import PREFIX
from framework.storage.paths import checked_relative

MODELS = "models"
SUFFIX = ".json"
ModelType = Literal["custom_model", "mlflow_model"]
TYPES: tuple[str, ...] = get_args(ModelType)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A version of a model: its content never changes.

    Attributes:
        name: The model's name.
        version: A number, or what was chosen.
        type: `custom_model` or `mlflow_model`.
        content: Its files and checksums.
        order: Its place among the versions, in the order they were registered.
        created_at: When it was registered: UTC, ISO 8601.
        description: For people.
        tags: For people.
        properties: For people.
        is_archived: Whether lists and `@latest` leave it out.
        deleted_at: When it was deleted; its number is not given again.
    """

    name: str
    version: str
    type: str
    content: Content
    order: int
    created_at: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    is_archived: bool = False
    deleted_at: str | None = None

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.name}:{self.version}"

    @property
    def reference(self) -> str:
        """What a deployment's file calls it."""
        return f"{PREFIX}{self.title}"

    @property
    def file_name(self) -> str:
        """The name of its file or folder."""
        return self.content.file_name

    @property
    def size(self) -> int:
        """In bytes."""
        return self.content.size

    @property
    def sha256(self) -> str:
        """The checksum of all of its content."""
        return self.content.sha256

    @property
    def folder(self) -> str:
        """What holds its content, in the store."""
        return folder_of(self.name, self.version)

    @property
    def path(self) -> str:
        """Its file or folder, in the store."""
        return f"{self.folder}/{self.file_name}"


_PLAIN = tuple(each.name for each in fields(ModelVersion) if each.name != "content")


def folder_of(name: str, version: str = "") -> str:
    """Where a model lies, or a version's content."""
    return "/".join(part for part in (MODELS, name, version) if part)


def record_of(name: str, version: str) -> str:
    """Where a version is written down."""
    return folder_of(name, version) + SUFFIX


def to_json(model: ModelVersion) -> bytes:
    """A version as it is written down."""
    content = model.content
    document = {
        **{key: getattr(model, key) for key in _PLAIN},
        "path": model.path,
        "file_name": content.file_name,
        "size": content.size,
        "sha256": content.sha256,
        "empty_folders": list(content.empty_folders),
        "files": [
            {"path": file.path, "size": file.size, "sha256": file.sha256} for file in content.files
        ],
    }
    return json.dumps(document, indent=2).encode() + b"\n"


def from_json(name: str, version: str, data: bytes) -> ModelVersion:
    """Reads what `to_json` wrote.

    Raises:
        ModelError: It is torn, or was changed by hand so that it doesn't fit together.
    """
    try:
        model = _model(json.loads(data))
        for path in (*(file.path for file in model.content.files), *model.content.empty_folders):
            _check_inside(path, model.file_name)
    except (ValueError, TypeError, KeyError, AttributeError, StorageError) as error:
        raise ModelError(_broken(name, version, f"{type(error).__name__}: {error}")) from error
    if (model.name, model.version) != (name, version):
        raise ModelError(_broken(name, version, f"it says that it is {model.title}"))
    return model


def _model(document: dict[str, Any]) -> ModelVersion:
    files = [
        ContentFile(path=str(each["path"]), size=int(each["size"]), sha256=str(each["sha256"]))
        for each in document["files"]
    ]
    content = Content(
        file_name=str(document["file_name"]),
        files=tuple(files),
        empty_folders=tuple(map(str, document["empty_folders"])),
    )
    if content.sha256 != document["sha256"]:
        raise ValueError("its checksum is not that of its files")
    return ModelVersion(**{key: document[key] for key in _PLAIN}, content=content)


def _check_inside(path: str, file_name: str) -> None:
    is_inside = path == file_name or path.startswith(f"{file_name}/")
    if not is_inside or "/" in file_name or checked_relative(path) != path:
        raise ValueError(f"the path {path!r} leads out of it")


def _broken(name: str, version: str, why: str) -> str:
    return f"model {name}:{version}: {record_of(name, version)} in the workspace is broken: {why}"
