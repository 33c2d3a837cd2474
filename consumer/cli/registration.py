"""How a command joins the program: with `--version` as well, and an example under its help."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

DISTRIBUTION: Final = "tiktok-events-consumer"


def _show_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version  # takes long, and `--help` need not wait for it

        print(f"tiktok-consumer {version(DISTRIBUTION)}")  # noqa: T201  # what was asked for
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
]
_Hidden = Annotated[bool, typer.Option("--version", is_eager=True, callback=_show_version, hidden=True)]


class Group(TyperGroup):
    """Takes a flag that is not given for a no. Of nothing, typer lets pydantic find out what it means, whose import
    doubles the time of every command's `--help`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # its own context
        for parameter in self.get_params(ctx):
            if parameter.name in _FLAGS:
                parameter.default = False
        return super().parse_args(ctx, args)


_FLAGS: Final = frozenset({"help", "version", "install_completion", "show_completion"})


class _Command(TyperCommand):
    """Refuses an option that is given again: of two `--config`, the last would be taken without a word."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # its own context
        rest = super().parse_args(ctx, list(args))
        _, _, given = self.make_parser(ctx).parse_args(args)
        for option in (each for each in given if isinstance(each, TyperOption) and given.count(each) > 1):
            if not (option.multiple or option.is_flag or ctx.resilient_parsing):
                raise typer.BadParameter("given more than once; keep one", ctx, option)
        return rest


def register(group: typer.Typer, name: str, command: Callable[..., None], example: str) -> None:
    """Add a command; `example` is what a person could type, without the program's name."""
    group.command(name, cls=_Command, epilog=f"Example: tiktok-consumer {example}")(_with_version(command))


def _with_version(command: Callable[..., None]) -> Callable[..., None]:
    """The same command, which takes `--version` too: typer makes options of a signature."""

    def versioned(**given: Any) -> None:
        given.pop("version", None)
        command(**given)

    own = inspect.signature(command).parameters.values()
    more = inspect.Parameter("version", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=_Hidden)
    parameters = [*(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own), more]
    versioned.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # functions may have one
    versioned.__annotations__ = {each.name: each.annotation for each in parameters}
    versioned.__name__, versioned.__doc__ = command.__name__, command.__doc__
    return versioned
