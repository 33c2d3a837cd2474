"""What every section of the settings has in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Section(BaseModel):
    """One mapping of the file. Unknown keys are errors; nothing changes after loading.

    Keys are named as in the file; attributes carry their unit (`window` → `window_s`). Code may use either name.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, written: object) -> object:
        """`dedupe:` with every key commented out is the same as no `dedupe` at all."""
        return {} if written is None else written


def needed(description: str, **options: Any) -> Any:
    """A key that must be there. Descriptions are read by people, in editors and in docs/configuration.md."""
    return Field(description=description, **options)


def setting(default: object, description: str, **options: Any) -> Any:
    """A key that may be left out. `default` is written as in the file."""
    return Field(default=default, description=description, **options)
