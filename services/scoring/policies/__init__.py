"""The rules of scoring as data: versions per workspace."""
