"""The dialect of SQLAlchemy: its ORM, reflection, and Alembic on a SCHEMA database."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, ForeignKey, Numeric, create_engine, exc, func, inspect, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

import tenantry
from tests.server import Server
from tests.test_client import ENDLESS


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    placed_at: Mapped[datetime.datetime]
    total: Mapped[Decimal | None] = mapped_column(Numeric(10, 2, asdecimal=True))
    seal: Mapped[bytes | None]
    lines: Mapped[list[Line]] = relationship(back_populates="order", cascade="all, delete-orphan")


class Line(Base):
    __tablename__ = "lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    sku: Mapped[str]
    quantity: Mapped[int]
    order: Mapped[Order] = relationship(back_populates="lines")


PLACED = datetime.datetime(2026, 3, 1, 12, 30, 15, 250000)


def url(server: Server, database: str) -> str:
    return f"tenantry://:{server.token}@{server.address}/{database}"


@pytest.fixture
def engine(server: Server, database: tenantry.Database) -> Iterator[Engine]:
    engine = create_engine(url(server, database.name))
    yield engine
    engine.dispose()


@pytest.fixture
def tables(engine: Engine) -> Engine:
    Base.metadata.create_all(engine)
    return engine


def order(reference: str) -> Order:
    lines = [Line(sku="A1", quantity=1), Line(sku="B2", quantity=6)]
    return Order(reference=reference, placed_at=PLACED, seal=b"\x00\xff", lines=lines)


def test_objects_are_written_read_changed_and_deleted(tables: Engine) -> None:
    with Session(tables) as session:
        session.add_all([order("PO-1"), order("PO-2")])
        session.commit()
    with Session(tables) as session:
        first = session.scalars(select(Order).where(Order.reference == "PO-1")).one()
        assert (first.placed_at, first.seal) == (PLACED, b"\x00\xff")
        assert [line.sku for line in first.lines] == ["A1", "B2"]
        first.lines[0].quantity = 3
        del first.lines[1]
        session.commit()
        assert session.scalar(select(func.sum(Line.quantity)).join(Order)) == 3 + 1 + 6
        session.delete(first)
        session.commit()
        assert session.scalar(select(func.count()).select_from(Line)) == 2


def test_a_session_is_one_transaction(tables: Engine) -> None:
    with Session(tables) as session:
        session.add(order("PO-1"))
        session.flush()
        with pytest.raises(exc.IntegrityError), session.begin_nested():
            session.add(order("PO-1"))
            session.flush()
        session.rollback()
        assert session.scalars(select(Order)).all() == []


def test_many_rows_are_inserted_with_their_keys(tables: Engine) -> None:
    with Session(tables) as session:
        orders = [Order(reference=f"PO-{n}", placed_at=PLACED) for n in range(500)]
        session.add_all(orders)
        session.commit()
        assert sorted(order.id for order in orders) == list(range(1, 501))


def test_the_timeout_of_the_url_is_that_of_transactions(
    server: Server, database: tenantry.Database
) -> None:
    engine = create_engine(f"{url(server, database.name)}?timeout=1")
    with engine.connect() as connection:
        with pytest.raises(exc.OperationalError, match="DEADLINE"):
            connection.scalar(text(f"SELECT count(*) FROM ({ENDLESS})"))
        connection.rollback()
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()


def test_autocommit(tables: Engine) -> None:
    with tables.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE TABLE u (v)"))
        connection.rollback()
        assert connection.scalar(text("SELECT count(*) FROM u")) == 0


def test_a_server_that_comes_back(own_server: Server) -> None:
    with tenantry.Client(own_server.endpoint, own_server.token) as client:
        client.databases.create("data")
    engine = create_engine(url(own_server, "data"))
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(order("PO-1"))
        session.flush()
        own_server.kill()
        with pytest.raises(exc.OperationalError) as raised:
            session.scalar(select(func.count()).select_from(Order))
        assert raised.value.connection_invalidated
        session.rollback()
        own_server.start()
        assert session.scalar(select(func.count()).select_from(Order)) == 0
    engine.dispose()


def test_tables_are_reflected(tables: Engine) -> None:
    found = inspect(tables)
    assert set(found.get_table_names()) == {"orders", "lines"}
    assert [column["name"] for column in found.get_columns("lines")][:2] == ["id", "order_id"]
    assert found.get_foreign_keys("lines")[0]["referred_table"] == "orders"
    assert found.get_unique_constraints("orders")[0]["column_names"] == ["reference"]
    assert found.get_pk_constraint("orders")["constrained_columns"] == ["id"]


def test_urls(server: Server) -> None:
    with pytest.raises(exc.ArgumentError, match="unknown options: colour"):
        create_engine(url(server, "a") + "?colour=red").connect()
    with pytest.raises(exc.ArgumentError, match="group/name"):
        create_engine("tenantry://host").connect()


@pytest.fixture
def schema(client: tenantry.Client, group: str) -> str:
    client.databases.create(f"{group}/base", kind="SCHEMA")
    client.databases.create(f"{group}/child", schema="base")
    return f"{group}/base"


def test_create_all_on_a_schema_is_one_migration(
    server: Server, client: tenantry.Client, schema: str, group: str
) -> None:
    engine = create_engine(url(server, schema))
    Base.metadata.create_all(engine)
    engine.dispose()
    assert [m.generation for m in client.schema.list(schema)] == [1]
    child = create_engine(url(server, f"{group}/child"))
    with Session(child) as session:
        session.add(order("PO-1"))
        session.commit()
    child.dispose()
    assert client.database(schema).execute("SELECT count(*) FROM orders").scalar() == 0


ENV = """
from alembic import context
from sqlalchemy import create_engine
engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""

REVISION = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = {revision!r}, {before!r}
def upgrade():
    {upgrade}
def downgrade():
    {downgrade}
"""


def test_alembic_migrates_a_schema_and_its_child_sees_it(
    server: Server, client: tenantry.Client, schema: str, group: str, tmp_path: Path
) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(ENV)
    revisions = [
        (
            "r1",
            None,
            "op.create_table('notes', sa.Column('id', sa.Integer, primary_key=True), "
            "sa.Column('text', sa.String, nullable=False))",
            "op.drop_table('notes')",
        ),
        (
            "r2",
            "r1",
            "op.add_column('notes', sa.Column('tag', sa.String)); "
            "op.create_index('notes_by_tag', 'notes', ['tag'])",
            "op.drop_index('notes_by_tag', 'notes'); op.drop_column('notes', 'tag')",
        ),
    ]
    for revision, before, upgrade, downgrade in revisions:
        script = REVISION.format(
            revision=revision, before=before, upgrade=upgrade, downgrade=downgrade
        )
        (tmp_path / "versions" / f"{revision}.py").write_text(script)
    config = Config()
    config.set_main_option("script_location", str(tmp_path))
    config.set_main_option("path_separator", "os")
    config.set_main_option("sqlalchemy.url", url(server, schema).replace("%", "%%"))

    command.upgrade(config, "r1")
    child = client.database(f"{group}/child")
    child.execute("INSERT INTO notes (text) VALUES ('kept')")
    first = client.schema.get_schema(schema).generation
    command.upgrade(config, "head")
    assert client.schema.get_schema(schema).generation == first + 1
    assert child.execute("SELECT text, tag FROM notes").rows == [("kept", None)]
    assert child.execute("SELECT version_num FROM alembic_version").scalar() == "r2"
    command.downgrade(config, "r1")
    assert child.execute("SELECT * FROM notes").rows == [(1, "kept")]
