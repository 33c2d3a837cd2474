"""From settings to a running service: `composition` puts it together."""

from consumer.wiring.composition import Replaced, composed
from consumer.wiring.outside_systems import addresses_of
from consumer.wiring.run_modes import as_test, dry
from consumer.wiring.stage_settings import decoder_of, pipeline_of, windows_settings

__all__ = ["Replaced", "addresses_of", "as_test", "composed", "decoder_of", "dry", "pipeline_of", "windows_settings"]
