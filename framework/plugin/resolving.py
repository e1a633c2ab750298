"""From a contribution to its class, and whether the class takes the parameters it is given."""

from __future__ import annotations

import importlib
import inspect
import logging
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from framework.domain.redaction import looks_secret
from framework.domain.suggestions import did_you_mean
from framework.errors import MissingExtraError, PluginError, Problem
from framework.plugin.contributions import Contribution, Kind
from framework.plugin.param_types import hints_of, misfit

T = TypeVar("T")

_log = logging.getLogger(__name__)

_EXTRA_OF_MODULE = {
    "asyncssh": "ssh",
    "dask_jobqueue": "jobqueue",
    "dask_kubernetes": "kubernetes",
    "keras": "keras",
    "kr8s": "kubernetes",
    "mlflow": "mlflow",
    "tensorflow": "keras",
    "torch": "torch",
    "torchvision": "torch",
}
_KEY_OF_KIND = {
    Kind.SCORER: "scorer.params",
    Kind.COMPUTE: "compute",
    Kind.OUTPUT_FORMAT: "output",
}
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def resolve(contribution: Contribution, base: type[T]) -> type[T]:
    """Imports a contribution's class.

    Args:
        contribution: What a plugin has registered.
        base: What its class must be a subclass of: `Scorer`, `Compute` or `OutputFormat`.

    Raises:
        PluginError: It can't be imported, or is no usable subclass.
        MissingExtraError: It needs a library that one of our extras brings.
    """
    who = f"{contribution.kind} {contribution.name!r} of plugin {contribution.plugin!r}"
    found = _import(contribution.factory, who)
    if not isinstance(found, type) or not issubclass(found, base):
        raise PluginError(f"{who}: {contribution.factory} is no subclass of {base.__name__}")
    missing = sorted(getattr(found, "__abstractmethods__", ()))
    if missing:
        raise PluginError(f"{who}: {contribution.factory} does not define {', '.join(missing)}")
    return found


def resolve_all(contributions: Mapping[str, Contribution], base: type[T]) -> dict[str, type[T]]:
    """The classes of all contributions that can be imported; the others are logged."""
    classes = {}
    for name, contribution in contributions.items():
        try:
            classes[name] = resolve(contribution, base)
        except (PluginError, MissingExtraError) as error:
            _log.warning("%s", error)
    return classes


def check_params(
    contribution: Contribution, factory: type, params: Mapping[str, Any]
) -> tuple[Problem, ...]:
    """What keeps a class from being made with these parameters, before it is made.

    Args:
        contribution: What the class was registered as.
        factory: Its class, from `resolve`.
        params: The keyword arguments that it is to get.
    """
    who = f"{contribution.kind} {contribution.name!r}"
    key = _KEY_OF_KIND[contribution.kind]
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):  # written in C: it will speak for itself
        return ()
    named = {each.name: each for each in parameters if each.kind in _NAMED}
    takes_all = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters)
    unknown = [] if takes_all else [name for name in params if name not in named]
    required = [name for name, each in named.items() if each.default is inspect.Parameter.empty]
    return (
        *(
            Problem(key=f"{key}.{name}", message=f"{who} takes no {name!r}{_hint(name, named)}")
            for name in unknown
        ),
        *(
            Problem(key=f"{key}.{name}", message=f"{who} needs it")
            for name in required
            if name not in params
        ),
        *_misfits(key, params, hints_of(factory)),
    )


def _misfits(key: str, params: Mapping[str, Any], hints: Mapping[str, Any]) -> Iterator[Problem]:
    for name, value in params.items():
        message = misfit(value, hints.get(name, Any))
        if message is not None:
            shown = message.partition(", is ")[0] if looks_secret(name) else message
            yield Problem(key=f"{key}.{name}", message=shown)


def _hint(name: str, named: Mapping[str, object]) -> str:
    return did_you_mean(name, named) or ", nor any other parameter"


def _import(factory: str, who: str) -> object:
    module_name, _, path = factory.partition(":")
    try:
        found: object = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise _not_found(error, module_name, who) from error
    except (Exception, SystemExit) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise PluginError(f"{who}: importing {module_name} failed: {reason}") from error
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as error:
            hint = did_you_mean(name, [each for each in dir(found) if each[0].isupper()])
            raise PluginError(f"{who}: {module_name} has no {path!r}{hint}") from error
    return found


def _not_found(error: ModuleNotFoundError, module_name: str, who: str) -> Exception:
    missing = error.name or str(error)
    extra = _EXTRA_OF_MODULE.get(missing.partition(".")[0])
    if extra is not None:
        return MissingExtraError(f"{who} needs {missing}", extra=extra)
    if module_name == missing or module_name.startswith(f"{missing}."):
        return PluginError(f"{who}: there is no module {missing!r}")
    return PluginError(f"{who}: importing {module_name} failed: there is no module {missing!r}")
