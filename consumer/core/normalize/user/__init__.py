"""The person: identifiers, which are hashed, and where and with what the person was."""
