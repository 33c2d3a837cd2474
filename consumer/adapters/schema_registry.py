"""Schemas from the registry, looked up off the deciding thread.

When to ask, and what a denial means for records, is `core.decode.schema_lookups`'.
"""

from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Final

import structlog

from consumer.core.decode.schema_lookups import (
    RegistryAway,
    SchemaAnswer,
    SchemaFound,
    SchemaReady,
    SchemaUnusable,
)
from consumer.core.decode.schema_reader import SchemaReader
from consumer.core.errors import ConfigError
from consumer.core.model import SchemaKey

if TYPE_CHECKING:
    from confluent_kafka.schema_registry.schema_registry_client import SchemaRegistryClient

    from consumer.adapters.registry_client import Property

log = structlog.get_logger("consumer.registry")

Prepare = Callable[[str, Sequence[str]], SchemaReader | str]
_CLOSE_S: Final = 1.0


class SchemaRegistry:
    """Asks the registry on a thread of its own. `ask`, `answers` and `close` are for one other thread.

    Its client is made when it is first asked, since that takes a fifth of a start; at once, where the client may refuse
    what it is given, so that the start says so.

    Args:
        properties: of confluent-kafka's SchemaRegistryClient; `url` is required.
        prepare: makes a schema ready, or says why it cannot be; on this thread, since it may take a second.

    Raises:
        ConfigError: the client does not take these properties.
    """

    def __init__(self, properties: "Mapping[str, Property]", prepare: Prepare | None = None) -> None:
        self._properties = properties
        self._prepare = prepare
        self._client: SchemaRegistryClient | None = None
        if not is_surely_taken(properties):
            self._connected()
        self._asked: SimpleQueue[SchemaKey | None] = SimpleQueue()
        self._answered: SimpleQueue[SchemaAnswer] = SimpleQueue()
        self._why_away = ""
        self._thread = Thread(target=self._work, name="registry", daemon=True)
        self._thread.start()

    def ask(self, key: SchemaKey) -> None:
        """Look this schema up; `answers` will have exactly one answer to it."""
        self._asked.put(key)

    def answers(self) -> list[SchemaAnswer]:
        """What has been answered since the last call. Does not wait.

        Raises:
            RuntimeError: the thread has died of a bug, so that nothing will ever be answered.
        """
        if not self._thread.is_alive():
            raise RuntimeError("the thread that asks the schema registry is dead")
        answers: list[SchemaAnswer] = []
        while True:
            try:
                answers.append(self._answered.get_nowait())
            except Empty:
                return answers

    def close(self) -> None:
        """Stop asking. A request that is under way is left behind after a second."""
        self._asked.put(None)
        self._thread.join(_CLOSE_S)
        if self._client is not None:
            self._client.close()

    def _connected(self) -> "SchemaRegistryClient":
        if self._client is None:
            from consumer.adapters.registry_client import registry_client

            self._client = registry_client(self._properties)
        return self._client

    def _work(self) -> None:
        while (key := self._asked.get()) is not None:
            answer = self._look_up(key)
            if isinstance(answer, SchemaFound) and self._prepare is not None:
                reader = self._prepare(answer.text, answer.references)
                answer = SchemaUnusable(key, reader) if isinstance(reader, str) else SchemaReady(key, reader)
            self._tell_people(answer)
            self._answered.put(answer)

    def _look_up(self, key: SchemaKey) -> SchemaAnswer:
        from consumer.adapters.registry_client import look_up

        try:
            client = self._connected()
        except ConfigError as error:  # certificates that the environment names, say: they may come yet
            return RegistryAway(key, str(error))
        answer = look_up(client, key)
        if not isinstance(answer, SchemaFound):
            # The client keeps whatever came with a 200, also what was not a schema.
            client.clear_caches()  # type: ignore[no-untyped-call]  # it has no annotations
        return answer

    def _tell_people(self, answer: SchemaAnswer) -> None:
        """One line when the registry stops answering, when the reason changes, and when it is back."""
        why = answer.why if isinstance(answer, RegistryAway) else ""
        if why and why != self._why_away:
            log.warning("registry.away", why=why)
        if self._why_away and not why:
            log.info("registry.back")
        self._why_away = why


def is_surely_taken(properties: "Mapping[str, Property]") -> bool:
    """Whether no client would refuse these properties: an address and a user, without files or kinds of login."""
    match properties:
        case {"url": str(url), **others} if url.startswith(("http://", "https://")) and not {",", "@"} & set(url):
            return all(name == "basic.auth.user.info" and ":" in str(value) for name, value in others.items())
    return False
