"""Settings of contacts."""

from pydantic import Field

from services.kit.settings import ServiceSettings


class ContactsSettings(ServiceSettings):
    """What contacts needs to know beyond what every process needs."""

    service: str = Field("contacts", description="Name of the process.")
    import_max_bytes: int = Field(536_870_912, ge=1024, description="Largest file of an import in bytes.")
