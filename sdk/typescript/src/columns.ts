/**
 * Reads the packed chunks of a stream straight from their bytes.
 *
 * The generic reader makes a bigint of every integer and a list of every field;
 * here cells become values at once. So the chunk is left as bytes by the
 * method's descriptor below: on the wire that is the same.
 *
 * @module
 */

import { clone, createFileRegistry, type DescMethodServerStreaming } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { FieldDescriptorProto_Type, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

import { makeError, TenantryError } from "./errors.js";
import {
  type QueryRequestSchema,
  QueryResponseSchema,
  QueryService,
} from "./gen/tenantry/v1/query_pb.js";
import { ColumnChunkSchema, ColumnDataSchema } from "./gen/tenantry/v1/types_pb.js";
import { decodeInteger, type IntMode, type Value } from "./values.js";

/** `Query`, whose chunks of columns come as the bytes of a `ColumnChunk`. */
export const packedQuery = leaveColumnsPacked();

function leaveColumnsPacked(): DescMethodServerStreaming<typeof QueryRequestSchema> {
  const file = clone(FileDescriptorProtoSchema, QueryResponseSchema.file.proto);
  const field = file.messageType
    .find(({ name }) => name === QueryResponseSchema.name)
    ?.field.find(({ name }) => name === "columns");
  if (field !== undefined) {
    field.type = FieldDescriptorProto_Type.BYTES;
    field.typeName = "";
  }
  const { dependencies } = QueryResponseSchema.file;
  const output = createFileRegistry(file, (name) =>
    dependencies.find((dependency) => dependency.proto.name === name),
  ).getMessage(QueryResponseSchema.typeName);
  if (output === undefined) {
    throw makeError("the descriptor of QueryResponse is missing", "INTERNAL");
  }
  return { ...QueryService.method.query, output };
}

/** One column of a chunk: a value for each of its rows. */
export type Cells = readonly Value[];

/** A chunk of rows, by column. */
export interface Chunk {
  readonly rowCount: number;
  readonly columns: readonly Cells[];
}

const ROW_COUNT = ColumnChunkSchema.field.rowCount.number;
const COLUMNS = ColumnChunkSchema.field.columns.number;
const DATA = ColumnDataSchema.field;

const NULL = 0;
const INTEGER = 1;
const REAL = 2;
const TEXT = 3;
const BLOB = 4;

const NOTHING = new Uint8Array();
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Reads a `ColumnChunk` of so many columns. Each of them has a cell for every row,
 * or it throws: no cell is ever made up.
 */
export function decodeChunk(bytes: Uint8Array, width: number, intMode: IntMode): Chunk {
  try {
    const chunk = readChunk(bytes, intMode);
    const whole = chunk.columns.every((cells) => cells.length === chunk.rowCount);
    if (!whole || chunk.columns.length !== width) {
      throw damaged();
    }
    return chunk;
  } catch (error) {
    // The readers below throw a RangeError where bytes are missing.
    throw error instanceof TenantryError ? error : damaged(error);
  }
}

function readChunk(bytes: Uint8Array, intMode: IntMode): Chunk {
  const reader = new BinaryReader(bytes);
  const columns: Cells[] = [];
  let rowCount = 0;
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === ROW_COUNT) {
      rowCount = reader.uint32();
    } else if (field === COLUMNS) {
      columns.push(decodeColumn(reader.bytes(), intMode));
    } else {
      reader.skip(wireType, field);
    }
  }
  return { rowCount, columns };
}

function decodeColumn(bytes: Uint8Array, intMode: IntMode): Cells {
  const fields = readFields(bytes);
  const of = ({ number }: { number: number }) => fields[number] ?? NOTHING;
  const types = of(DATA.types);
  const integers = view(of(DATA.integers));
  const reals = view(of(DATA.reals));
  const lengths = new BinaryReader(of(DATA.lengths));
  const data = of(DATA.data);
  // In ASCII a byte is a character: one text for all cells is cut, which is far
  // faster than to decode each.
  const text = types.includes(BLOB) ? "" : UTF8.decode(data);
  const ascii = text.length === data.length;

  const cells = new Array<Value>(types.length);
  let integer = 0;
  let real = 0;
  let from = 0;
  for (let row = 0; row < types.length; row++) {
    const type = types[row];
    if (type === INTEGER) {
      cells[row] = readInteger(integers, integer, intMode);
      integer += 8;
    } else if (type === REAL) {
      cells[row] = reals.getFloat64(real, true);
      real += 8;
    } else if (type === TEXT || type === BLOB) {
      const to = from + lengths.uint32();
      if (type === BLOB) {
        // A copy, so that a kept cell does not keep its whole chunk.
        cells[row] = data.slice(from, to);
      } else {
        cells[row] = ascii ? text.slice(from, to) : UTF8.decode(data.subarray(from, to));
      }
      from = to;
    } else if (type === NULL) {
      cells[row] = null;
    } else {
      throw damaged();
    }
  }
  // Once for all cells: each list was used up, and `data` was not passed.
  const used =
    integer === integers.byteLength &&
    real === reals.byteLength &&
    lengths.pos === lengths.len &&
    from === data.length;
  if (!used) {
    throw damaged();
  }
  return cells;
}

/** The fields by number, each as its bytes: all of this message are packed. */
function readFields(bytes: Uint8Array): readonly (Uint8Array | undefined)[] {
  const reader = new BinaryReader(bytes);
  const fields: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited && fields[field] === undefined) {
      fields[field] = reader.bytes();
    } else {
      throw makeError('a chunk of columns is not packed; use encoding "rows"', "INTERNAL");
    }
  }
  return fields;
}

function damaged(cause?: unknown): TenantryError {
  const message = "the server sent a chunk of columns whose parts do not fit each other";
  return makeError(message, "INTERNAL", { cause });
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readInteger(integers: DataView, offset: number, intMode: IntMode): Value {
  if (intMode === "number") {
    // From its halves, without a bigint; what is not exact goes the slow way.
    const number = integers.getInt32(offset + 4, true) * 2 ** 32 + integers.getUint32(offset, true);
    if (Number.isSafeInteger(number)) {
      return number;
    }
  }
  return decodeInteger(integers.getBigInt64(offset, true), intMode);
}
