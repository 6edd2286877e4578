// A shop for many businesses: every tenant has a database of its own for its
// orders, all have one schema, and share one catalogue.
//
// Reads TENANTRY_ENDPOINT and TENANTRY_TOKEN, the token of a server admin.

import {
  type Client,
  ConstraintError,
  createClient,
  TenantryError,
} from "@tenantry/client";

interface Order {
  readonly reference: string;
  readonly lines: readonly { sku: string; quantity: number }[];
}

const ORDERS: Readonly<Record<string, Order>> = {
  acme: {
    reference: "PO-1",
    lines: [
      { sku: "A1", quantity: 1 },
      { sku: "B2", quantity: 6 },
    ],
  },
  globex: { reference: "G-77", lines: [{ sku: "C3", quantity: 2 }] },
};

const url = process.env.TENANTRY_ENDPOINT ?? "http://127.0.0.1:50051";
const admin = createClient({ url, authToken: process.env.TENANTRY_TOKEN });

/** The group with its shared catalogue, the schema, and a database for each tenant. */
async function setUp(): Promise<void> {
  await admin.databases.createGroup("b2b");
  await admin.databases.create("b2b/catalogue", { allowAttach: true });
  const insert = "INSERT INTO products VALUES (?, ?, ?)";
  await admin
    .database("b2b/catalogue")
    .batch(
      [
        "CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT, price_cents INTEGER)",
        [insert, ["A1", "Teapot", 2450]],
        [insert, ["B2", "Cup", 600]],
        [insert, ["C3", "Tray", 1225]],
      ],
      "write",
    );
  await admin.databases.create("b2b/shop", { kind: "SCHEMA" });
  await admin.databases.batchCreate(
    Object.keys(ORDERS).map((tenant) => ({
      name: `b2b/${tenant}`,
      schema: "shop",
    })),
  );
}

async function migrate(sql: string): Promise<void> {
  const { generation } = await admin.schema.migrate("b2b/shop", sql);
  console.log(`shop is at generation ${generation}`);
}

/** A client that can do what a tenant may: write its own database, read the catalogue. */
async function clientOf(tenant: string): Promise<Client> {
  const database = `b2b/${tenant}`;
  const { token } = await admin.tokens.create({
    databases: [database],
    attach: ["b2b/catalogue"],
  });
  return createClient({ url, authToken: token, database });
}

/** Places an order with all its lines, or nothing. */
async function place(
  client: Client,
  { reference, lines }: Order,
): Promise<void> {
  await client.transaction(async (tx) => {
    const { lastInsertRowid } = await tx.execute(
      "INSERT INTO orders (reference, placed_at) VALUES (?, ?)",
      [reference, new Date()],
    );
    for (const { sku, quantity } of lines) {
      await tx.execute("INSERT INTO lines VALUES (?, ?, ?)", [
        lastInsertRowid ?? null,
        sku,
        quantity,
      ]);
    }
  });
}

/** Prints what was ordered, with names and prices of the catalogue. */
async function print(tenant: string, client: Client): Promise<void> {
  const rows = await client.query(
    `SELECT name, quantity, quantity * price_cents AS cents
     FROM lines JOIN catalogue.products USING (sku) ORDER BY name`,
    [],
    { attach: ["b2b/catalogue"] },
  );
  for await (const { name, quantity, cents } of rows) {
    console.log(
      `${tenant}: ${name} x${quantity} = ${(Number(cents) / 100).toFixed(2)}`,
    );
  }
}

await setUp();
await migrate(`
  CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    placed_at TEXT NOT NULL
  );
  CREATE TABLE lines (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    sku TEXT NOT NULL,
    quantity INTEGER NOT NULL
  )`);

const acme = await clientOf("acme");
const globex = await clientOf("globex");
await place(acme, ORDERS.acme);
console.log("acme placed PO-1");
await place(globex, ORDERS.globex);
console.log("globex placed G-77");

try {
  await place(acme, ORDERS.acme);
} catch (error) {
  if (!(error instanceof ConstraintError)) {
    throw error;
  }
  console.log(`acme: PO-1 is there already (${error.reason})`);
}

await print("acme", acme);
await print("globex", globex);

try {
  await acme.database("b2b/globex").execute("SELECT * FROM orders");
} catch (error) {
  if (!(error instanceof TenantryError)) {
    throw error;
  }
  console.log(`acme cannot see globex (${error.reason})`);
}

await migrate("ALTER TABLE orders ADD COLUMN note TEXT");
const { rows } = await acme.execute(
  "UPDATE orders SET note = ? WHERE reference = ? RETURNING reference, note",
  ["rush", "PO-1"],
);
console.log(`acme: ${rows[0].reference} ${rows[0].note}`);

for (const client of [admin, acme, globex]) {
  client.close();
}
