"""docs/configuration.md and the JSON Schema of the configuration file, made from the declarations of the settings."""
