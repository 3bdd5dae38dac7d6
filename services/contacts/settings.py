"""Settings of contacts."""

from pydantic import Field

from services.kit.settings import ServiceSettings


class ContactsSettings(ServiceSettings):
    """What contacts needs to know beyond what every process needs."""

    service: str = Field("contacts", description="Name of the process.")
    delivery_retention_days: int = Field(
        30, ge=7, le=3650, description="Days that calls of shops are kept as they came; what they said stays."
    )
    import_max_bytes: int = Field(536_870_912, ge=1024, description="Largest file of an import in bytes.")
    import_orders_at_once: int = Field(
        250, ge=1, le=1000, description="Orders of an import that are taken in by one transaction."
    )
