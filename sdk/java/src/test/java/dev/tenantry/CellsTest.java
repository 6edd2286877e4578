package dev.tenantry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import dev.tenantry.v1.ColumnChunk;
import dev.tenantry.v1.ColumnData;
import dev.tenantry.v1.QueryHeader;
import dev.tenantry.v1.QueryRequest;
import dev.tenantry.v1.QueryResponse;
import dev.tenantry.v1.QueryServiceGrpc;
import dev.tenantry.v1.QuerySummary;
import dev.tenantry.v1.Value;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Cells are read as they came, and what does not hold together is refused as a whole. */
@Timeout(60)
class CellsTest {
  private static ColumnData.Builder column(int... types) {
    byte[] bytes = new byte[types.length];
    for (int i = 0; i < types.length; i++) {
      bytes[i] = (byte) types[i];
    }
    return ColumnData.newBuilder().setTypes(ByteString.copyFrom(bytes));
  }

  private static ColumnChunk chunk(int rows, ColumnData.Builder column) {
    return ColumnChunk.newBuilder().setRowCount(rows).addColumns(column).build();
  }

  private static ByteString bytes(int count) {
    return ByteString.copyFrom(new byte[count]);
  }

  @Test
  void cellsOfAllTypesAreFound() {
    var data =
        column(3, 0, 1, 2, 4, 3)
            .addIntegers(7)
            .addReals(0.5)
            .addAllLengths(List.of(2, 1, 0))
            .setData(ByteString.copyFromUtf8("abc"));
    Cells cells = new ColumnCells(chunk(6, data), 1);
    assertEquals("ab", cells.text(0, 0));
    assertEquals(Cells.NULL, cells.type(1, 0));
    assertEquals(7, cells.integer(2, 0));
    assertEquals(0.5, cells.real(3, 0));
    assertEquals(ByteString.copyFromUtf8("c"), cells.blob(4, 0));
    assertEquals("", cells.text(5, 0));
  }

  @Test
  void malformedColumnsAreRefused() {
    List<ColumnChunk> malformed =
        List.of(
            ColumnChunk.newBuilder().setRowCount(1).build(),
            chunk(-1, column()),
            chunk(2, column(0)),
            chunk(1, column(5)),
            chunk(1, column(0xff)),
            chunk(1, column(1)),
            chunk(1, column(0).addIntegers(1)),
            chunk(1, column(2).addIntegers(1)),
            chunk(2, column(1, 2).addIntegers(1)),
            chunk(1, column(3).setData(bytes(1))),
            chunk(1, column(3).addLengths(2).setData(bytes(1))),
            chunk(1, column(4).addLengths(1).setData(bytes(2))),
            // Their sum is 0 in 32 bits.
            chunk(2, column(4, 4).addLengths(-1).addLengths(1)));
    for (ColumnChunk chunk : malformed) {
      var failure =
          assertThrows(TenantryException.class, () -> new ColumnCells(chunk, 1), chunk::toString);
      assertEquals(Status.Code.INTERNAL, failure.code());
    }
  }

  @Test
  void malformedRowsAreRefused() {
    var row = dev.tenantry.v1.Row.newBuilder().addValues(Value.newBuilder().setNull(true)).build();
    assertEquals(Cells.NULL, new RowCells(List.of(row), 1).type(0, 0));
    var failure = assertThrows(TenantryException.class, () -> new RowCells(List.of(row, row), 2));
    assertEquals(Status.Code.INTERNAL, failure.code());
  }

  @Test
  void aMalformedChunkIsTheEndOfItsQuery() {
    var header =
        QueryHeader.newBuilder().addColumns(dev.tenantry.v1.Column.newBuilder().setName("n"));
    var service =
        new QueryServiceGrpc.QueryServiceImplBase() {
          @Override
          public void query(QueryRequest request, StreamObserver<QueryResponse> observer) {
            observer.onNext(QueryResponse.newBuilder().setHeader(header).build());
            observer.onNext(QueryResponse.newBuilder().setColumns(chunk(1, column(0))).build());
            observer.onNext(QueryResponse.newBuilder().setColumns(chunk(1, column(1))).build());
            observer.onNext(
                QueryResponse.newBuilder().setSummary(QuerySummary.getDefaultInstance()).build());
            observer.onCompleted();
          }
        };
    try (FakeServer server = new FakeServer(service);
        TenantryClient client = server.client().build();
        Rows rows = client.database("d").query("SELECT n FROM t")) {
      Iterator<Row> iterator = rows.iterator();
      assertNull(iterator.next().get("n"));
      var failure = assertThrows(TenantryException.class, iterator::hasNext);
      assertEquals(Status.Code.INTERNAL, failure.code());
      assertSame(failure, assertThrows(TenantryException.class, iterator::hasNext));
    }
  }
}
