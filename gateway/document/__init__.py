"""The merged OpenAPI document: every service's own description, made one."""
