"""A shop for businesses: every customer has a database of its own, all share a catalogue.

It needs the address of a server and an admin's token in TENANTRY_ENDPOINT and
TENANTRY_TOKEN, and a server that has no group `b2b` yet.
"""

import os

import tenantry
from tenantry import Client, Database, Transaction

ENDPOINT, TOKEN = os.environ["TENANTRY_ENDPOINT"], os.environ["TENANTRY_TOKEN"]

PRODUCTS = [("A1", "Teapot", 2450), ("B2", "Cup", 600), ("C3", "Tray", 1225)]

TABLES = """
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY,
        reference TEXT NOT NULL UNIQUE,
        placed_at TEXT NOT NULL
    );
    CREATE TABLE lines (
        order_id INTEGER NOT NULL REFERENCES orders (id),
        sku TEXT NOT NULL,
        quantity INTEGER NOT NULL
    )"""

LINES = """
    SELECT name, quantity, quantity * price_cents AS cents
    FROM lines JOIN catalogue.products USING (sku) ORDER BY name"""


def set_up(admin: Client) -> None:
    """Creates the shared catalogue, the schema of all tenants, and two tenants."""
    admin.databases.create_group("b2b")
    admin.databases.create("b2b/catalogue", allow_attach=True)
    insert = "INSERT INTO products (sku, name, price_cents) VALUES (?, ?, ?)"
    admin.database("b2b/catalogue").batch(
        [
            "CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT, price_cents INTEGER)",
            *((insert, product) for product in PRODUCTS),
        ]
    )
    admin.databases.create("b2b/shop", kind="SCHEMA")
    for tenant in ("acme", "globex"):
        admin.databases.create(f"b2b/{tenant}", schema="shop")


def migrate(admin: Client, sql: str) -> None:
    """Changes the schema of the shop and of every tenant together."""
    migration = admin.schema.migrate("b2b/shop", sql)
    print(f"shop is at generation {migration.generation}")


def open_tenant(admin: Client, tenant: str) -> Client:
    """A client that may use the tenant's database, read the catalogue, and nothing else."""
    minted = admin.tokens.create(databases=[f"b2b/{tenant}"], attach=["b2b/catalogue"])
    return Client(ENDPOINT, minted.token)


def place(database: Database, reference: str, lines: dict[str, int]) -> None:
    """Places an order with its lines, or nothing of it."""

    def insert(tx: Transaction) -> None:
        placed = tx.execute(
            "INSERT INTO orders (reference, placed_at) VALUES (?, datetime('now'))", [reference]
        )
        for sku, quantity in lines.items():
            tx.execute(
                "INSERT INTO lines VALUES (?, ?, ?)", [placed.last_insert_rowid, sku, quantity]
            )

    database.transaction(insert)


def main() -> None:
    """Runs the shop for a day."""
    with Client(ENDPOINT, TOKEN) as admin:
        set_up(admin)
        migrate(admin, TABLES)

        tenants = {name: open_tenant(admin, name) for name in ("acme", "globex")}
        acme, globex = (
            tenants[name].database(f"b2b/{name}", attach=["b2b/catalogue"]) for name in tenants
        )
        place(acme, "PO-1", {"A1": 1, "B2": 6})
        print("acme placed PO-1")
        place(globex, "G-77", {"C3": 2})
        print("globex placed G-77")

        try:
            place(acme, "PO-1", {"A1": 1})
        except tenantry.ConstraintError as error:
            print(f"acme: PO-1 is there already ({error.reason})")

        for name, database in (("acme", acme), ("globex", globex)):
            for product, quantity, cents in database.query(LINES):
                print(f"{name}: {product} x{quantity} = {cents / 100:.2f}")

        try:
            tenants["acme"].database("b2b/globex").execute("SELECT * FROM orders")
        except tenantry.NotFound as error:
            print(f"acme cannot see globex ({error.reason})")

        migrate(admin, "ALTER TABLE orders ADD COLUMN note TEXT")
        acme.execute("UPDATE orders SET note = ? WHERE reference = ?", ["rush", "PO-1"])
        order = acme.execute("SELECT reference, note FROM orders").first()
        assert order is not None
        print(f"acme: {order['reference']} {order['note']}")

        for client in tenants.values():
            client.close()


if __name__ == "__main__":
    main()
