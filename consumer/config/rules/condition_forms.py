"""Conditions as written → the core's. The operators, and all that is said of them, come from the core's table."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    create_model,
    model_validator,
)
from pydantic import WithJsonSchema as Written
from typing_extensions import TypeAliasType

from consumer.config.problems import hint
from consumer.config.rules.source_forms import UNKNOWN
from consumer.config.rules.source_options import PlainSource
from consumer.config.section import Section, needed, optional, or_instead, wants_the_rest
from consumer.core.route.operators import LIST, OPERATORS, Operator, check_operand
from consumer.core.rules.source import AllOf, AnyOf, Comparison, Condition, Not

_GROUPS: Final = ("any", "all", "not")


def _operand(operator: str, written: object) -> object:
    try:
        check_operand(operator, written)
    except ValueError as error:
        raise ValueError(f"not for `{operator}`; {str(error).removeprefix(f'{operator}: ')}") from None
    return written


def _written(operator: Operator) -> Written:
    types = operator.operand.json_types
    kind: dict[str, Any] = {"type": types[0] if len(types) == 1 else list(types)}
    return Written({"type": "array", "minItems": 1, "items": kind} if operator.operand is LIST else kind)


class _OneOperator(Section):
    """One comparison."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 2, "maxProperties": 2})

    field: PlainSource = needed("What is compared. Absent or null: every operator is false, except `exists: false`.")

    @model_validator(mode="after")
    def _has_one_operator(self, info: ValidationInfo) -> "_OneOperator":
        operators = self.model_fields_set & OPERATORS.keys()
        if len(operators) != 1 and not wants_the_rest(info):
            raise ValueError(f"{'several operators' if operators else 'no operator'}; write one a condition")
        return self

    @classmethod
    def unknown_key(cls, key: str) -> str:
        return f"unknown operator; {hint(key, cls.texts())}"

    def condition(self) -> Condition:
        operators = self.model_fields_set & OPERATORS.keys()
        if len(operators) != 1:  # only the rest is wanted: the field
            return Comparison(self.field, "exists", True)
        [operator] = operators
        return Comparison(self.field, operator, getattr(self, operator))


ComparisonForm = create_model(
    "ComparisonForm",
    __base__=_OneOperator,
    __doc__="One comparison.",
    **{
        name: (Annotated[Any, AfterValidator(partial(_operand, name)), _written(each)], optional(each.about))
        for name, each in OPERATORS.items()
    },
)  # type: ignore[call-overload]  # the names come from the table


class AnyForm(Section):
    """At least one must hold."""

    any: Annotated[tuple["ConditionField", ...], Field(min_length=1)] = needed("At least one must hold.")


class AllForm(Section):
    """Each must hold."""

    all: Annotated[tuple["ConditionField", ...], Field(min_length=1)] = needed("Each must hold.")


class NotForm(Section):
    """Must not hold."""

    inner: "ConditionsField" = needed("Must not hold.", validation_alias="not")


def _form(written: object) -> str:
    keys = written if isinstance(written, dict) else {}
    return next((f"<{name}>" for name in _GROUPS if name in keys), "<field>")


def _stands_alone(written: object) -> object:
    groups = [name for name in _GROUPS if isinstance(written, dict) and name in written]
    if groups and isinstance(written, dict) and len(written) > 1:
        raise ValueError(f"`{groups[0]}` must stand alone; make each a condition of its own, in a list")
    return written


if TYPE_CHECKING:
    ConditionField = Condition
    ConditionsField = Condition
else:
    ConditionField = TypeAliasType(
        "Condition",
        Annotated[
            Annotated[ComparisonForm, AfterValidator(lambda form: form.condition()), Tag("<field>")]
            | Annotated[AnyForm, AfterValidator(lambda form: AnyOf(form.any)), Tag("<any>")]
            | Annotated[AllForm, AfterValidator(lambda form: AllOf(form.all)), Tag("<all>")]
            | Annotated[NotForm, AfterValidator(lambda form: Not(form.inner)), Tag("<not>")],
            Discriminator(_form),
            BeforeValidator(_stands_alone),
            or_instead(Comparison(UNKNOWN, "exists", True)),
            Field(description="One comparison, or any, all, not around others."),
        ],
    )
    ConditionsField = TypeAliasType(
        "Conditions",
        Annotated[
            Annotated[ConditionField, AfterValidator(lambda one: AllOf((one,))), Tag("<one>")]
            | Annotated[tuple[ConditionField, ...], AfterValidator(AllOf), Tag("<every>")],
            Discriminator(lambda written: "<every>" if isinstance(written, list) else "<one>"),
            Field(description="One condition, or a list of which all must hold."),
        ],
    )
