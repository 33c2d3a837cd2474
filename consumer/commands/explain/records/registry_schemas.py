"""Schemas that records want, asked of the registry while one waits."""

import time
from typing import Final

from consumer.adapters.schema_registry import SchemaRegistry
from consumer.commands.away import RegistryUnreachable
from consumer.config import Settings
from consumer.core.decode.decoder import Decoder
from consumer.core.decode.schema_lookups import RegistryAway, SchemaAnswer, SchemaDenied, SchemaFound, SchemaReady
from consumer.core.errors import Unreachable
from consumer.core.model import SchemaKey

_ANSWER_WITHIN_S: Final = 20.0


class TopicSchemas:
    """Teaches a decoder what the registry says. Connects to it only when first asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._registry: SchemaRegistry | None = None

    def learn(self, decoder: Decoder, key: SchemaKey) -> None:
        """Look a schema up. One that the registry denies rejects its records at once, where `run` asks for 30 s more.

        Raises:
            RegistryUnreachable: it did not say.
        """
        answer = self._ask(key)
        if isinstance(answer, SchemaFound):
            decoder.learn(key, answer.text, answer.references)
        elif isinstance(answer, SchemaDenied):
            decoder.deny(key, answer.missing)
        elif isinstance(answer, SchemaReady):
            decoder.know(key, answer.reader)
        elif isinstance(answer, RegistryAway):
            raise RegistryUnreachable(answer.why)
        else:
            decoder.refuse(key, answer.why)

    def _ask(self, key: SchemaKey) -> SchemaAnswer:
        registry = self._connected()
        registry.ask(key)
        until_s = time.monotonic() + _ANSWER_WITHIN_S
        while time.monotonic() < until_s:
            for answer in registry.answers():
                return answer
            time.sleep(0.005)
        return RegistryAway(key, "time is over")

    def _connected(self) -> SchemaRegistry:
        if self._registry is None:
            settings = self._settings.avro.registry
            if settings is None:
                raise Unreachable("no schema registry is configured")
            self._registry = SchemaRegistry(settings.properties)
        return self._registry

    def close(self) -> None:
        if self._registry is not None:
            self._registry.close()
