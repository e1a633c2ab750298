"""Every error that a user is meant to see.

    FrameworkError                      exit code 1
    ├── UsageError                      2   wrong usage or configuration, before any work
    │   ├── ConfigurationError              unknown keys, wrong types, ranges: all of them at once
    │   ├── InputError                      nothing to score, unreadable, or not there
    │   ├── ModelError                      the model is missing or unreadable
    │   ├── ScriptError                     the scoring script can't be used
    │   ├── PluginError                     a plugin is broken or asks for what isn't there
    │   └── MissingExtraError               a library that only an extra brings
    ├── OutputExistsError               3   something stands under the output's name
    ├── NotFoundError                   4   no such endpoint, deployment, job, ...
    ├── StorageError                    1   a store failed for good
    │   └── StoreUnavailableError           it can't be reached, or keeps failing whatever is asked
    ├── JobError                        1   the job ended without its output
    │   ├── EnvironmentBuildError           the scorer's environment could not be built
    │   ├── ScorerInitError                 the scorer could not be loaded
    │   ├── ErrorThresholdExceededError     more files failed than are tolerated
    │   ├── NothingSucceededError           append_row without one successful item
    │   ├── AccountingError                 the counts do not add up: never called Completed
    │   ├── NoInstancesError                no instance came within compute.wait_timeout
    │   └── SupersededError                 another driver took the job over
    └── JobCanceledError                130 interrupted or canceled

A message is lower case, has no full stop, and says what was wrong, the value, where, and the
nearest valid choice. Never a secret, never a signed URL. Every error survives pickling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class FrameworkError(Exception):
    """The root: an expected failure, shown as one line.

    Attributes:
        exit_code: What the command line exits with.
        user_traceback: The traceback of the user's own code, where that is what failed.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, user_traceback: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.user_traceback = user_traceback

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        return (_restore, (type(self), self.args, self.__dict__))


def _restore(
    kind: type[FrameworkError], args: tuple[object, ...], state: dict[str, object]
) -> FrameworkError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class UsageError(FrameworkError):
    """Wrong usage or configuration, known before any work was done."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a configuration.

    Attributes:
        key: The dotted key, such as `retry_settings.timeout`.
        message: What is wrong and the nearest valid choice.
        source: Where the key was set: a file's path or `override`.
    """

    key: str
    message: str
    source: str = ""

    def __str__(self) -> str:
        where = f" ({self.source})" if self.source else ""
        return f"{self.key}: {self.message}{where}" if self.key else f"{self.message}{where}"


class ConfigurationError(UsageError):
    """The configuration can't be used; all problems are reported together."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class InputError(UsageError):
    """There is nothing to score, or it can't be read."""


class ModelError(UsageError):
    """The model is missing or can't be read."""


class ScriptError(UsageError):
    """The scoring script can't be used."""


class PluginError(UsageError):
    """A plugin is broken, or something asks for a plugin that isn't there."""


class MissingExtraError(UsageError):
    """A library is missing that one of our extras brings.

    Attributes:
        extra: The extra that brings it.
    """

    def __init__(self, message: str, *, extra: str) -> None:
        super().__init__(f"{message}: pip install 'dask-batch-endpoints[{extra}]'")
        self.extra = extra


class OutputExistsError(FrameworkError):
    """Something already stands under the output's name."""

    exit_code = 3


class NotFoundError(FrameworkError):
    """What was named is not there."""

    exit_code = 4


class StorageError(FrameworkError):
    """A store failed, and trying again did not help."""


class StoreUnavailableError(StorageError):
    """A store can't be reached, is too busy or fails by itself, and went on so while we tried.

    It says nothing about the file that was asked for: what needs the store should stop, and be
    resumed when the store is back.

    Attributes:
        is_certain: Whether no request can succeed, as with credentials that have expired.
    """

    is_certain = False


class JobError(FrameworkError):
    """The job ended without its output."""


class EnvironmentBuildError(JobError):
    """The environment that the scorer shall run in could not be built.

    What the tool that builds it said last is in `user_traceback`.
    """


class ScorerInitError(JobError):
    """The scorer could not be loaded: `init()` raised, hung or killed its process."""


class ErrorThresholdExceededError(JobError):
    """More files failed than `error_threshold` tolerates."""


class NothingSucceededError(JobError):
    """No item succeeded at all, so that `append_row` has nothing to write."""


class AccountingError(JobError):
    """The counts do not add up. A job is never called Completed then."""


class NoInstancesError(JobError):
    """No instance came within `compute.wait_timeout`."""


class SupersededError(JobError):
    """Another driver has taken the job over; this one has stopped."""


class JobCanceledError(FrameworkError):
    """The job was interrupted or canceled; it can be resumed."""

    exit_code = 130
