"""How Alembic runs here: on the connection that ``database.upgrade`` hands over, within its one transaction."""

from alembic import context
from sqlmodel import SQLModel

import directory.catalogue.models
import directory.outbox.models
import directory.partners.models
import directory.referrals.models
import directory.working  # noqa: F401  (they fill the metadata)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
