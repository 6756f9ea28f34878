"""Runs the migrations on the connection, and inside the transaction, that `Store` hands over."""

from alembic import context

from pipelines.io.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("migrations run through Store.open(url)")

context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
