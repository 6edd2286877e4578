import { deepStrictEqual, ok, rejects, strictEqual, throws } from "node:assert";
import { suite, test } from "node:test";

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type InValue, IntegerRangeError, InvalidArgumentError, Real } from "@tenantry/client";
import { ColumnChunkSchema, type ColumnDataSchema } from "@tenantry/client/proto/types";

import { decodeChunk } from "#dist/columns.js";
import { rowMaker } from "#dist/rows.js";
import { encodeStatement } from "#dist/values.js";

import { connect, sharedServer } from "./support/fixture.js";

const server = await sharedServer();
const client = await connect(server, { database: "values" });

suite("values", () => {
  test("JavaScript's values bind as one would think", async () => {
    const values: InValue[] = [
      42,
      2n ** 60n,
      0.5,
      -0,
      new Real(2),
      true,
      new Date(Date.UTC(2026, 0, 2)),
      NaN,
      new Uint8Array([1]).buffer,
    ];
    const sql = values.map((_, index) => `typeof(?${index + 1}), ?${index + 1}`).join(", ");
    const { rows } = await client
      .database("values", { intMode: "bigint" })
      .execute(`SELECT ${sql}`, values);
    deepStrictEqual(
      [...(rows[0] ?? [])],
      [
        ...["integer", 42n, "integer", 2n ** 60n, "real", 0.5, "real", -0, "real", 2],
        ...["integer", 1n, "text", "2026-01-02T00:00:00.000Z", "null", null],
        ...["blob", new Uint8Array([1])],
      ],
    );
  });

  test("text keeps a byte order mark, in every encoding", async () => {
    const text = "\uFEFFa\uFEFF";
    const sql = "SELECT ?1 AS v";
    strictEqual((await client.execute(sql, [text])).rows[0]?.v, text);
    for (const encoding of ["rows", "columns"] as const) {
      const rows = await (await client.query(sql, [text], { encoding })).toArray();
      strictEqual(rows[0]?.v, text, encoding);
    }
  });

  test("what cannot be bound is an error before anything is sent", () => {
    const bind = (value: unknown) => encodeStatement("SELECT ?", [value as InValue]);
    throws(() => bind(2n ** 63n), IntegerRangeError);
    throws(() => bind(-(2n ** 63n) - 1n), IntegerRangeError);
    throws(() => bind(undefined), InvalidArgumentError);
    throws(() => bind({ a: 1 }), InvalidArgumentError);
    throws(() => bind(new Date(NaN)), InvalidArgumentError);
    throws(() => bind("half \uD83E"), InvalidArgumentError);
  });

  test("names of arguments may have their sigil", async () => {
    const { rows } = await client.execute("SELECT :a + @b + $c AS n", { ":a": 1, "@b": 2, c: 3 });
    strictEqual(rows[0]?.n, 6);
  });

  test("an integer beyond 2^53 is as the intMode says", async () => {
    const sql = "SELECT 9007199254740993 AS big, 9007199254740991 AS fits, -1 AS small";
    const read = async (intMode: "number" | "bigint" | "string") => {
      const database = client.database("values", { intMode });
      const { rows } = await database.execute(sql);
      const streamed = await (await database.query(sql)).toArray();
      deepStrictEqual([...(rows[0] ?? [])], [...(streamed[0] ?? [])]);
      return { ...rows[0] };
    };
    const big = "9007199254740993";
    deepStrictEqual(await read("bigint"), { big: BigInt(big), fits: 2n ** 53n - 1n, small: -1n });
    deepStrictEqual(await read("string"), { big, fits: "9007199254740991", small: "-1" });
    await rejects(read("number"), (error) => {
      return error instanceof IntegerRangeError && /beyond 2\^53.*intMode/.test(error.message);
    });
    const stream = await client.query(sql);
    await rejects(stream.toArray(), IntegerRangeError);
    const safe = await client.execute("SELECT 9007199254740991 AS a, -9007199254740991 AS b");
    deepStrictEqual({ ...safe.rows[0] }, { a: 2 ** 53 - 1, b: 1 - 2 ** 53 });
  });
});

suite("rows", () => {
  test("of columns of one name the first has it, and positions always work", async () => {
    const { columns, rows } = await client.execute("SELECT 1 AS a, 2 AS a, 3 AS b");
    const [row] = rows;
    ok(row);
    deepStrictEqual(columns, ["a", "a", "b"]);
    deepStrictEqual([row.a, row.b, row[0], row[1], row[2]], [1, 3, 1, 2, 3]);
    strictEqual(row.length, 3);
    deepStrictEqual({ ...row }, { a: 1, b: 3 }, "an object keeps the first");
    strictEqual(JSON.stringify(row), '{"a":1,"b":3}');
    deepStrictEqual([...row], [1, 2, 3]);
  });

  test("names that objects have already are columns like others", () => {
    const names = ["__proto__", "toString", "length", "1", "7"];
    const row = rowMaker(names)((position) => position, 0);
    deepStrictEqual([...row], [0, 1, 2, 3, 4]);
    strictEqual(row.length, 5);
    strictEqual(row[1], 1, "a position wins over a name");
    strictEqual(Reflect.get(row, "toString"), 1);
    strictEqual(row["7"], 4);
    deepStrictEqual(Object.keys(row), ["7", "__proto__", "toString"]);
  });

  test("a packed chunk is read with all its kinds of cells", () => {
    const encoder = new TextEncoder();
    const chunk = create(ColumnChunkSchema, {
      rowCount: 5,
      columns: [
        {
          types: new Uint8Array([1, 2, 3, 4, 0]),
          integers: [-(2n ** 53n) + 1n],
          reals: [-0],
          lengths: [3, 1],
          data: new Uint8Array([...encoder.encode("té"), 9]),
        },
        {
          types: new Uint8Array([3, 3, 0, 3, 3]),
          lengths: [1, 0, 3, 2],
          data: encoder.encode("a茶é"),
        },
      ],
    });
    // Lengths are of bytes: `té` is 3, `茶` 3.
    const bytes = toBinary(ColumnChunkSchema, chunk);
    const { rowCount, columns } = decodeChunk(bytes, 2, "number");
    strictEqual(rowCount, 5);
    deepStrictEqual(columns[0], [-(2 ** 53) + 1, -0, "té", new Uint8Array([9]), null]);
    deepStrictEqual(columns[1], ["a", "", null, "茶", "é"]);
  });

  test("a packed chunk whose parts do not fit each other is an error, and no NULL", () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    const column = (fields: MessageInitShape<typeof ColumnDataSchema>) => ({
      rowCount: 1,
      columns: [fields],
    });
    const chunks: Record<string, MessageInitShape<typeof ColumnChunkSchema>> = {
      "fewer types than rows": { rowCount: 2, columns: [{ types: new Uint8Array([0]) }] },
      "more types than rows": { rowCount: 1, columns: [{ types: new Uint8Array([0, 0]) }] },
      "no types": column({}),
      "fewer columns": { rowCount: 1, columns: [] },
      "more columns": {
        rowCount: 1,
        columns: [{ types: new Uint8Array([0]) }, { types: new Uint8Array([0]) }],
      },
      "an unknown type": column({ types: new Uint8Array([5]) }),
      "no integer": column({ types: new Uint8Array([1]) }),
      "an integer too many": column({ types: new Uint8Array([1]), integers: [1n, 2n] }),
      "no real": column({ types: new Uint8Array([2]) }),
      "a real too many": column({ types: new Uint8Array([0]), reals: [1] }),
      "no length": column({ types: new Uint8Array([3]), data: bytes("a") }),
      "a length too many": column({
        types: new Uint8Array([3]),
        lengths: [1, 0],
        data: bytes("a"),
      }),
      "a text past the data": column({
        types: new Uint8Array([3]),
        lengths: [2],
        data: bytes("a"),
      }),
      "a blob past the data": column({
        types: new Uint8Array([4]),
        lengths: [2],
        data: bytes("a"),
      }),
      "data too many": column({ types: new Uint8Array([3]), lengths: [1], data: bytes("ab") }),
    };
    for (const [what, chunk] of Object.entries(chunks)) {
      const packed = toBinary(ColumnChunkSchema, create(ColumnChunkSchema, chunk));
      throws(() => decodeChunk(packed, 1, "number"), { code: "INTERNAL", retryable: false }, what);
    }
    throws(() => decodeChunk(new Uint8Array([0x12, 9]), 1, "number"), { code: "INTERNAL" });
  });
});
