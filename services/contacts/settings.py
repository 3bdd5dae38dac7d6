"""Settings of contacts."""

from pydantic import Field

from services.kit.settings import ServiceSettings


class ContactsSettings(ServiceSettings):
    """What contacts needs to know beyond what every process needs."""

    service: str = Field("contacts", description="Name of the process.")
    import_max_bytes: int = Field(536_870_912, ge=1024, description="Largest file of an import in bytes.")
    import_orders_at_once: int = Field(
        250, ge=1, le=1000, description="Orders of an import that are taken in by one transaction."
    )
