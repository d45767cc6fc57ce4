"""The till's REST: what the machines of a store send, described by `openapi.yaml`."""
