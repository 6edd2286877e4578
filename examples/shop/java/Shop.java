import dev.tenantry.Database;
import dev.tenantry.DatabaseInfo.Kind;
import dev.tenantry.NewDatabase;
import dev.tenantry.NewToken;
import dev.tenantry.Rows;
import dev.tenantry.Statement;
import dev.tenantry.TenantryClient;
import dev.tenantry.TenantryException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A shop for businesses: every tenant has its own orders, all share one catalogue.
 *
 * <p>{@code TENANTRY_ENDPOINT} and {@code TENANTRY_TOKEN} name the server and its admin. With the
 * jars of the client on the class path: {@code java -cp "$CLASSPATH" Shop.java}.
 */
public class Shop {
  record Line(String sku, int quantity) {}

  private final String endpoint;
  private final TenantryClient admin;

  Shop(String endpoint, TenantryClient admin) {
    this.endpoint = endpoint;
    this.admin = admin;
  }

  public static void main(String[] args) {
    String endpoint = System.getenv("TENANTRY_ENDPOINT");
    String token = System.getenv("TENANTRY_TOKEN");
    try (TenantryClient admin = TenantryClient.builder(endpoint).token(token).build()) {
      new Shop(endpoint, admin).run();
    }
  }

  private void run() {
    createDatabases();
    migrate(
        """
        CREATE TABLE orders (
          id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, placed_at TEXT NOT NULL);
        CREATE TABLE lines (
          order_id INTEGER NOT NULL REFERENCES orders (id), sku TEXT NOT NULL, quantity INTEGER NOT NULL)
        """);
    try (TenantryClient acme = connect("acme");
        TenantryClient globex = connect("globex")) {
      place(acme, "acme", "PO-1", List.of(new Line("A1", 1), new Line("B2", 6)));
      place(globex, "globex", "G-77", List.of(new Line("C3", 2)));
      try {
        place(acme, "acme", "PO-1", List.of(new Line("A1", 1)));
      } catch (TenantryException.Constraint there) {
        System.out.printf("acme: PO-1 is there already (%s)%n", there.reason());
      }
      printLines(acme, "acme");
      printLines(globex, "globex");
      try {
        acme.database("b2b/globex").execute("SELECT * FROM orders");
      } catch (TenantryException.NotFound hidden) {
        System.out.printf("acme cannot see globex (%s)%n", hidden.reason());
      }
      migrate("ALTER TABLE orders ADD COLUMN note TEXT");
      var noted =
          acme.database("b2b/acme")
              .execute(
                  "UPDATE orders SET note = ? WHERE reference = ? RETURNING reference, note",
                  "rush",
                  "PO-1")
              .rows()
              .get(0);
      System.out.printf("acme: %s %s%n", noted.getString("reference"), noted.getString("note"));
    }
  }

  private void createDatabases() {
    var databases = admin.databases();
    databases.createGroup("b2b");
    databases.create(NewDatabase.named("b2b/catalogue").allowAttach(true));
    databases.create(NewDatabase.named("b2b/shop").kind(Kind.SCHEMA));
    databases.create(NewDatabase.named("b2b/acme").childOf("shop"));
    databases.create(NewDatabase.named("b2b/globex").childOf("shop"));

    Database catalogue = admin.database("b2b/catalogue");
    catalogue.execute(
        "CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT, price_cents INTEGER)");
    String insert = "INSERT INTO products VALUES (?, ?, ?)";
    catalogue.batch(
        Statement.of(insert, "A1", "Teapot", 2450),
        Statement.of(insert, "B2", "Cup", 600),
        Statement.of(insert, "C3", "Tray", 1225));
  }

  private void migrate(String sql) {
    long generation = admin.schema().migrate("b2b/shop", sql).generation();
    System.out.printf("shop is at generation %d%n", generation);
  }

  /** A client with a token for one tenant, which may read the catalogue beside it. */
  private TenantryClient connect(String tenant) {
    NewToken token = NewToken.forDatabases("b2b/" + tenant).attach("b2b/catalogue");
    return TenantryClient.builder(endpoint).token(admin.tokens().create(token).token()).build();
  }

  private static void place(
      TenantryClient client, String tenant, String reference, List<Line> lines) {
    client
        .database("b2b/" + tenant)
        .transaction(
            tx -> {
              var order =
                  Statement.named(
                      "INSERT INTO orders (reference, placed_at) VALUES (:reference, :now)",
                      Map.of("reference", reference, "now", Instant.now()));
              long id = tx.execute(order).lastInsertRowid();
              for (Line line : lines) {
                tx.execute("INSERT INTO lines VALUES (?, ?, ?)", id, line.sku(), line.quantity());
              }
              return id;
            });
    System.out.printf("%s placed %s%n", tenant, reference);
  }

  private static void printLines(TenantryClient client, String tenant) {
    Database database = client.database("b2b/" + tenant).attach("b2b/catalogue");
    String sql =
        "SELECT name, quantity, quantity * price_cents AS cents"
            + " FROM lines JOIN catalogue.products USING (sku) ORDER BY name";
    try (Rows rows = database.query(sql)) {
      for (var row : rows) {
        System.out.printf(
            Locale.ROOT,
            "%s: %s x%d = %.2f%n",
            tenant,
            row.getString("name"),
            row.getLong("quantity"),
            row.getLong("cents") / 100.0);
      }
    }
  }
}
