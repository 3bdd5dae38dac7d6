"""The tables of imports: the order, its file in pieces, and what was wrong with which row."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from services.contacts.database import Base
from services.kit.tables import NO_KEYS, NOW, TENANT, Tenant


class Import(Tenant, Base):
    """One file to take in; how far that is stands with the job, which has the same id."""

    __tablename__ = "imports"

    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    kind: Mapped[str]
    format: Mapped[str]
    source: Mapped[str]
    mode: Mapped[str]
    effects: Mapped[str]
    dry_run: Mapped[bool] = mapped_column(server_default=text("false"))
    mapping: Mapped[dict[str, object]] = mapped_column(server_default=NO_KEYS)
    file_name: Mapped[str | None]
    size_bytes: Mapped[int]
    lines: Mapped[int]
    """Line ends outside of quotes: as many records as there will be, blank ones included."""
    sha256: Mapped[str]

    __table_args__ = (
        CheckConstraint("mode IN ('upsert', 'create_only')", name="mode"),
        CheckConstraint("effects IN ('none', 'scores', 'all')", name="effects"),
        Index("imports_created_idx", "workspace_id", "created_at", "id"),
    )


class ImportPiece(Base):
    """A piece of a file, stored as it came in; the import's own row follows when the file is complete."""

    __tablename__ = "import_pieces"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    start_byte: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary, comment="plain: a piece of a file as it was sent")


class ImportFault(Base):
    """One row that could not be taken in."""

    __tablename__ = "import_faults"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=TENANT)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    row_number: Mapped[int] = mapped_column(primary_key=True)
    """Counted as a spreadsheet shows it: the header is row 1."""
    column_name: Mapped[str | None]
    code: Mapped[str]
    message: Mapped[str]
    external_id: Mapped[str | None]

    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "import_id"], ["imports.workspace_id", "imports.id"], ondelete="CASCADE"),
    )
