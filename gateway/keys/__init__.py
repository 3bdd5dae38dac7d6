"""API keys: who may call, for which workspace, with which scopes."""
