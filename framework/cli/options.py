"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from framework.cli.run_state import RunState
from framework.cli.streams import say_everything

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

Verb = TypeVar("Verb", bound=Callable[..., Any])

FORMATS = ("json", "yaml", "table", "tsv")


def examples(*commands: str) -> str:
    """The end of a verb's help: commands to copy, not wrapped."""
    return "\n".join(("\b", "Examples:", *(f"  {command}" for command in commands)))


class Query(click.ParamType["ParsedResult"]):
    """A JMESPath expression, compiled before any work is done."""

    name = "jmespath"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> ParsedResult:
        """Compiles the expression."""
        import jmespath

        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        try:
            return jmespath.compile(value)
        except jmespath.exceptions.JMESPathError as error:
            reason = str(error).splitlines()[0].rstrip(":. ") if str(error) else "is empty"
            self.fail(f"{value!r} is no JMESPath expression: {reason}", param, ctx)


class Form(click.Choice[str]):
    """How a result is written; knows what people take `-o` for."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Finds the form."""
        has_overrides = ctx is not None and any(
            each.name == "overrides" for each in ctx.command.params
        )
        if has_overrides and ("/" in value or "." in value):
            self.fail(
                f"{value!r} is none of {', '.join(FORMATS)}; where the job's output goes is "
                f"written without dashes: output.path={value}",
                param,
                ctx,
            )
        return super().convert(value, param, ctx)


def name_argument(what: str) -> Callable[[Verb], Verb]:
    """`NAME`, or `--name NAME` as `az` has it: the verb's `name`.

    A verb that takes overrides too is written above `overrides_argument`: after `--name`, the first
    word is an override.

    Args:
        what: Whose name it is, such as `job`.
    """

    def decorate(verb: Verb) -> Verb:
        @wraps(verb)
        def named(*args: Any, name_word: str | None, name_option: str | None, **given: Any) -> Any:
            if name_option is not None and name_word is not None and "overrides" in given:
                given["overrides"] = (name_word, *given["overrides"])
                name_word = None
            if name_word is not None and name_option not in {None, name_word}:
                raise click.UsageError(f"two names are given, {name_word!r} and {name_option!r}")
            name = name_word if name_option is None else name_option
            if name is None:
                raise click.UsageError("missing argument 'NAME'")
            return verb(*args, name=name, **given)

        told = f"The {what}'s name, as the argument NAME."
        option = click.option("-n", "--name", "name_option", metavar="NAME", help=told)
        argument = click.argument("name_word", metavar="[NAME]", required=False)
        return argument(option(named))  # type: ignore[return-value]

    return decorate


job_name_argument = name_argument("job")


def query_option(verb: Verb) -> Verb:
    """`--query`: a part of the result."""
    return click.option(
        "--query",
        type=Query(),
        metavar="JMESPATH",
        help="Show only this part of the result, e.g. `name` or `counts.failed`.",
    )(verb)


def output_option(verb: Verb) -> Verb:
    """`-o`: how the result is written to stdout."""
    return click.option(
        "-o",
        "--output",
        "form",
        type=Form(FORMATS, case_sensitive=False),
        help="How to write the result; a table on a terminal and JSON elsewhere by default.",
    )(verb)


def conf_option(verb: Verb) -> Verb:
    """`--conf`: which registry."""
    return click.option(
        "--conf",
        metavar="DIR",
        help="The conf/ folder; else FRAMEWORK_CONF, else the nearest one upwards.",
    )(verb)


def workspace_option(verb: Verb) -> Verb:
    """`--workspace`: where the jobs are."""
    return click.option(
        "--workspace", metavar="DIR", help="The workspace; else as the configuration says."
    )(verb)


def no_progress_option(verb: Verb) -> Verb:
    """`--no-progress`: only warnings and errors on stderr."""
    return click.option("--no-progress", is_flag=True, help="Say nothing but warnings and errors.")(
        verb
    )


def accept_changes_option(verb: Verb) -> Verb:
    """`--accept-changes`: a stopped job goes on with what is different by now."""
    return click.option(
        "--accept-changes",
        "accepts_changes",
        is_flag=True,
        help="Go on with a stopped job whose model, code or inputs have changed.",
    )(verb)


def detach_option(verb: Verb) -> Verb:
    """`--detach`: a process of its own."""
    return click.option(
        "--detach",
        is_flag=True,
        help="Run the job in a process of its own, which outlives the terminal.",
    )(verb)


def verbose_option(verb: Verb) -> Verb:
    """`-v`: our own log, and tracebacks of bugs."""
    return click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=_set_verbose,
        help="Show the log, and the whole traceback of a bug.",
    )(verb)


def _set_verbose(ctx: click.Context, _param: click.Parameter, is_verbose: bool) -> None:
    if is_verbose:
        ctx.ensure_object(RunState).is_verbose = True
        say_everything()
