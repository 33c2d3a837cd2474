"""The command: from what was asked for to a file that is written."""

import shlex
from collections.abc import Mapping, Sequence
from os.path import relpath
from pathlib import Path
from typing import Final, TextIO
from urllib.parse import quote, urlsplit

from msgspec import Struct, structs

from consumer.commands.away import away_sentence
from consumer.commands.explain.records.given import InputError
from consumer.commands.init.draft import Draft, drafted
from consumer.commands.init.draft_text import SANDBOX, Connection, written
from consumer.commands.init.first_case import write_first_cases
from consumer.commands.init.topic_schema import NoSchemaError, schema_of_file, schemas_of_topic
from consumer.config.checks.web_addresses import is_unusable_url
from consumer.config.reference.json_schema import SCHEMA_ID, json_schema_text
from consumer.core.decode.schema import Schema
from consumer.core.errors import RecordRejected, Unreachable
from consumer.exit_codes import OK, UNFINISHED, UNUSABLE_INPUT
from consumer.status.connections import OutsideSystem
from consumer.terminal import complain, several

_HTTP: Final = ("http", "https")
_MOST_NAMED: Final = 10
_SECRET_WORDS: Final = ("password", "secret", "token", "user.info", "key.pem", "jaas")


class InitOptions(Struct, frozen=True):
    """The command line."""

    topic: str | None = None
    schema: Path | None = None
    bootstrap: str = "localhost:9092"
    registry: str | None = None
    group: str = "tiktok-events"
    properties: Sequence[str] = ()
    """`NAME=VALUE`."""
    registry_properties: Sequence[str] = ()
    is_for_sandbox: bool = False
    output: Path | None = None
    """None: standard output."""
    is_forced: bool = False


def write_first_config(asked: InitOptions, out: TextIO) -> int:
    """Guess a configuration and write it. Returns the exit code."""
    try:
        _refuse_overwriting(asked)
        connection = _connection(asked)
        schemas = schemas_of_topic(connection) if asked.schema is None else [schema_of_file(asked.schema)]
    except NoSchemaError as fault:
        return _failed(str(fault), UNUSABLE_INPUT)
    except RecordRejected as rejected:
        return _failed(
            f"the topic's newest record cannot be read: {rejected.detail}; add --schema FILE", UNUSABLE_INPUT
        )
    except Unreachable as away:
        addresses = {OutsideSystem.KAFKA: asked.bootstrap, OutsideSystem.REGISTRY: asked.registry or ""}
        return _failed(away_sentence(away, addresses), UNFINISHED)
    drafts = drafted(schemas)
    text = written(drafts, _without_secrets(connection))
    if asked.output is None:
        out.write(text)
        code = OK
    else:
        code = _write_beside_cases(asked.output, text, drafts, schemas, out, is_forced=asked.is_forced)
    _ask_for_consent(drafts)
    return code


def _ask_for_consent(drafts: Sequence[Draft]) -> None:
    """Said on standard error: what is written may go into a pipe, and nobody reads a file whole."""
    for draft in drafts:
        if draft.consent.perhaps:
            fields = ", ".join(leaf.path for leaf in draft.consent.perhaps[:_MOST_NAMED])
            sent = "" if draft.consent.conditions else ", so everybody's events are sent"
            complain(f"{draft.record}: no condition was made of {fields}, which may say who has consented{sent}")


def _write_beside_cases(
    path: Path, text: str, drafts: Sequence[Draft], schemas: Sequence[Schema], out: TextIO, *, is_forced: bool
) -> int:
    schema = _editors_schema(path)
    try:
        path.write_text(f"# yaml-language-server: $schema={quote(schema.name)}\n{text}", "utf-8")
        schema.write_text(json_schema_text(), "utf-8")
        out.write(_said(drafts, path) + f"Wrote {schema}: by it, editors complete and check {path.name}.\n")
        cases = write_first_cases(path, drafts, schemas, is_forced=is_forced)
    except OSError as error:
        return _failed(f"{error.filename}: cannot be written ({error.strerror})", UNUSABLE_INPUT)
    except InputError as fault:  # a schema whose values cannot be made up, such as a record that must hold itself
        return _failed(f"no case was written: {fault}", OK)
    out.write(f"Wrote {cases}: made-up records, and what becomes of them.\n{_next(path)}")
    return OK


def _failed(text: str, code: int) -> int:
    complain(text)
    return code


def _refuse_overwriting(asked: InitOptions) -> None:
    if asked.output is None:
        return
    if asked.output.is_dir():
        raise NoSchemaError(f"{asked.output} is a folder; name a file in it")
    for path in (asked.output, _editors_schema(asked.output)):
        if not path.exists():
            continue
        if asked.schema is not None and path.samefile(asked.schema):
            raise NoSchemaError(f"{path} is what --schema names; name another --output")
        is_ours = path != asked.output and _is_editors_schema(path)
        if not asked.is_forced and not is_ours:
            raise NoSchemaError(f"{path} is there already; name another --output, or add --force")


def _editors_schema(output: Path) -> Path:
    return output.with_name(f"{output.stem}.schema.json")


def _is_editors_schema(path: Path) -> bool:
    """True for what an earlier `init` wrote."""
    try:
        return f'"$id": "{SCHEMA_ID}"' in path.read_text("utf-8")
    except (OSError, ValueError):
        return False


def _connection(asked: InitOptions) -> Connection:
    if asked.registry is not None and any(is_unusable_url(each.strip(), _HTTP) for each in asked.registry.split(",")):
        raise NoSchemaError("--registry: not an address; write http://host:port or https://host:port")
    if asked.registry is not None and urlsplit(asked.registry).username is not None:
        remedy = "leave them out, and add --registry-property 'basic.auth.user.info=${REGISTRY_USER_INFO}'"
        raise NoSchemaError(f"--registry holds credentials, which would be written to the file; {remedy}")
    folder = asked.output.parent if asked.output is not None else Path()
    return Connection(
        asked.topic or "web-events",
        asked.bootstrap,
        asked.group,
        asked.registry,
        None if asked.schema is None else relpath(asked.schema, folder),
        _pairs(asked.properties),
        _pairs(asked.registry_properties),
        SANDBOX if asked.is_for_sandbox else None,
    )


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in texts)
    if any(not name or not value for name, value in pairs.items()):
        raise NoSchemaError("write properties as NAME=VALUE")
    return pairs


def _without_secrets(connection: Connection) -> Connection:
    """The file names variables of the environment where the command line had secrets."""
    return structs.replace(
        connection,
        properties=_named(connection.properties, "KAFKA"),
        registry_properties=_named(connection.registry_properties, "REGISTRY"),
    )


def _named(properties: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {
        name: f"${{{prefix}_{name.upper().replace('.', '_')}}}"
        if any(word in name for word in _SECRET_WORDS) and "${" not in value
        else value
        for name, value in properties.items()
    }


def _said(drafts: Sequence[Draft], path: Path) -> str:
    if all(draft.is_shipped for draft in drafts):
        return f"Wrote {path}: the schema's names are TikTok's, so no map is needed.\n"
    return f"Wrote {path}: {'; '.join(map(_guessed, drafts))}.\n"


def _guessed(draft: Draft) -> str:
    products = draft.products.fields if draft.products.each is None else {"contents": None}
    number = len(draft.parameters) + 2 + len(products)
    left = f"; nothing was made of {several(len(draft.unused), 'field')}" if draft.unused else ""
    return f"guessed {number} of TikTok's parameters from {draft.record}{left}"


def _next(path: Path) -> str:
    typed = shlex.quote(str(path))
    return f"Look at them, then:  tiktok-consumer check -c {typed} && tiktok-consumer test -c {typed}\n"
