package dev.tenantry.conformance;

import dev.tenantry.Access;
import dev.tenantry.BatchResult;
import dev.tenantry.Child;
import dev.tenantry.Column;
import dev.tenantry.Database;
import dev.tenantry.DatabaseFilter;
import dev.tenantry.DatabaseInfo;
import dev.tenantry.DatabaseUpdate;
import dev.tenantry.Databases;
import dev.tenantry.Encoding;
import dev.tenantry.ExecuteResult;
import dev.tenantry.Migration;
import dev.tenantry.MigrationReport;
import dev.tenantry.MigrationScript;
import dev.tenantry.MintedToken;
import dev.tenantry.NewDatabase;
import dev.tenantry.NewToken;
import dev.tenantry.Row;
import dev.tenantry.Rows;
import dev.tenantry.Schema;
import dev.tenantry.Statement;
import dev.tenantry.StatementResult;
import dev.tenantry.TenantryClient;
import dev.tenantry.TransactionMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The operations that are single calls of the API. Each reads its fields and answers what {@code
 * expect} may name.
 */
final class Operations {
  private final TenantryClient client;
  private final String group;

  /** The deadline of the call, or null. */
  private final Duration timeout;

  private final boolean idempotent;

  Operations(TenantryClient client, String group, Duration timeout, boolean idempotent) {
    this.client = client;
    this.group = group;
    this.timeout = timeout;
    this.idempotent = idempotent;
  }

  /** A name of a case is meant in its group. */
  private String reference(String name) {
    return name.contains("/") ? name : group + "/" + name;
  }

  private Databases databases() {
    return timeout == null ? client.databases() : client.databases().timeout(timeout);
  }

  private Schema schema() {
    return timeout == null ? client.schema() : client.schema().timeout(timeout);
  }

  /** The handle that the fields of an operation ask for. */
  Database database(Fields fields) {
    Database database = client.database(reference(fields.text("database")));
    for (Object item : fields.list("attach")) {
      if (item instanceof String name) {
        database = database.attach(reference(name));
      } else {
        Fields attachment = new Fields(item);
        database =
            database.attach(reference(attachment.text("database")), attachment.text("alias"));
        attachment.done();
      }
    }
    if (fields.has("min_generation")) {
      database = database.minGeneration(fields.number("min_generation"));
    }
    if (fields.has("mode")) {
      database = database.mode(TransactionMode.valueOf(fields.text("mode")));
    }
    if (fields.has("encoding")) {
      database = database.encoding(Encoding.valueOf(fields.text("encoding")));
    }
    if (timeout != null) {
      database = database.timeout(timeout);
    }
    return idempotent ? database.idempotent() : database;
  }

  static Statement statement(Fields fields) {
    String sql = fields.text("sql");
    if (fields.has("named")) {
      Map<String, Object> named = new HashMap<>();
      ((Map<?, ?>) fields.take("named"))
          .forEach((name, value) -> named.put(name.toString(), Expectations.value(value)));
      return Statement.named(sql, named);
    }
    List<?> args = fields.list("args");
    return Statement.of(sql, Expectations.values(args).toArray());
  }

  Map<String, Object> execute(Fields fields) {
    Database database = database(fields);
    Statement statement = statement(fields);
    fields.done();
    return shown(database.execute(statement));
  }

  static Map<String, Object> shown(ExecuteResult result) {
    Map<String, Object> shown = new HashMap<>();
    if (!result.results().isEmpty()) {
      shown.putAll(shown(result.last()));
    }
    shown.put("results", result.results().stream().map(Operations::shown).toList());
    shown.put("generation", result.generation());
    return shown;
  }

  private static Map<String, Object> shown(StatementResult result) {
    Map<String, Object> shown = new HashMap<>();
    shown.put("columns", result.columns().stream().map(Column::name).toList());
    shown.put("rows", result.rows().stream().map(Row::toList).toList());
    shown.put("first", result.rows().isEmpty() ? null : result.rows().get(0));
    shown.put("affected_row_count", result.affectedRowCount());
    shown.put("last_insert_rowid", result.lastInsertRowid());
    return shown;
  }

  Map<String, Object> batch(Fields fields) {
    Database database = database(fields);
    List<Statement> statements = new ArrayList<>();
    for (Object item : fields.list("statements")) {
      if (item instanceof String sql) {
        statements.add(Statement.of(sql));
      } else {
        Fields statement = new Fields(item);
        statements.add(statement(statement));
        statement.done();
      }
    }
    fields.done();
    BatchResult result = database.batch(statements);
    return Map.of(
        "results", result.results().stream().map(Operations::shown).toList(),
        "generation", result.generation());
  }

  /** Reads a query to its end, and tells when the first row was read. */
  Map<String, Object> query(Fields fields, Runnable afterFirstRow) {
    Database database = database(fields);
    Statement statement = statement(fields);
    long take = fields.has("take") ? fields.number("take") : Long.MAX_VALUE;
    fields.done();
    Map<String, Object> shown = new HashMap<>();
    try (Rows rows = database.query(statement)) {
      shown.put("columns", rows.columns().stream().map(Column::name).toList());
      shown.put("generation", rows.generation());
      Row first = null;
      Row last = null;
      long count = 0;
      List<List<Object>> kept = new ArrayList<>();
      while (count < take && rows.iterator().hasNext()) {
        last = rows.iterator().next();
        count++;
        if (first == null) {
          first = last;
          afterFirstRow.run();
        }
        // A stream without an end would not fit.
        if (count <= 10_000) {
          kept.add(last.toList());
        }
      }
      shown.put("first", first);
      shown.put("last_row", last == null ? null : last.toList());
      shown.put("row_count", count);
      if (kept.size() == count) {
        shown.put("rows", kept);
      }
    }
    return shown;
  }

  Map<String, Object> createDatabase(Fields fields) {
    NewDatabase database = newDatabase(reference(fields.text("name")), fields);
    if (fields.has("request_id")) {
      String id = fields.text("request_id");
      fields.done();
      return shown(databases().create(database, id));
    }
    fields.done();
    return shown(databases().create(database));
  }

  Map<String, Object> branchDatabase(Fields fields) {
    String source = reference(fields.text("source"));
    NewDatabase database = newDatabase(fields.text("name"), fields);
    if (fields.has("request_id")) {
      String id = fields.text("request_id");
      fields.done();
      return shown(databases().branch(source, database, id));
    }
    fields.done();
    return shown(databases().branch(source, database));
  }

  static NewDatabase newDatabase(String reference, Fields fields) {
    NewDatabase database = NewDatabase.named(reference);
    if (fields.has("kind")) {
      database.kind(DatabaseInfo.Kind.valueOf(fields.text("kind")));
    }
    if (fields.has("schema")) {
      database.childOf(fields.text("schema"));
    }
    if (fields.has("labels")) {
      database.labels(labels(fields.take("labels")));
    }
    return database.allowAttach(fields.flag("allow_attach"));
  }

  private static Map<String, String> labels(Object yaml) {
    Map<String, String> labels = new LinkedHashMap<>();
    ((Map<?, ?>) yaml).forEach((key, value) -> labels.put(key.toString(), value.toString()));
    return labels;
  }

  private static Map<String, Object> shown(DatabaseInfo database) {
    return Map.of(
        "name", database.name(),
        "kind", database.kind().name(),
        "schema", database.schema(),
        "generation", database.generation(),
        "allow_attach", database.allowAttach(),
        "labels", database.labels());
  }

  Map<String, Object> getDatabase(Fields fields) {
    return shown(databases().get(named(fields)));
  }

  Map<String, Object> deleteDatabase(Fields fields) {
    return shown(databases().delete(named(fields)));
  }

  Map<String, Object> undeleteDatabase(Fields fields) {
    return shown(databases().undelete(named(fields)));
  }

  private String named(Fields fields) {
    String name = reference(fields.text("name"));
    fields.done();
    return name;
  }

  Map<String, Object> updateDatabase(Fields fields) {
    String name = reference(fields.text("name"));
    Fields set = new Fields(fields.take("set"));
    fields.done();
    DatabaseUpdate update = DatabaseUpdate.create();
    if (set.has("allow_attach")) {
      update.allowAttach(set.flag("allow_attach"));
    }
    if (set.has("delete_protection")) {
      update.deleteProtection(set.flag("delete_protection"));
    }
    if (set.has("block_reads")) {
      update.blockReads(set.flag("block_reads"));
    }
    if (set.has("block_writes")) {
      update.blockWrites(set.flag("block_writes"));
    }
    if (set.has("labels")) {
      update.labels(labels(set.take("labels")));
    }
    set.done();
    return shown(databases().update(name, update));
  }

  Map<String, Object> listDatabases(Fields fields) {
    DatabaseFilter filter = DatabaseFilter.all().group(group);
    if (fields.has("kind")) {
      filter.kind(DatabaseInfo.Kind.valueOf(fields.text("kind")));
    }
    if (fields.has("labels")) {
      filter.labels(labels(fields.take("labels")));
    }
    if (fields.has("page_size")) {
      filter.pageSize((int) fields.number("page_size"));
    }
    fields.done();
    return Map.of("names", databases().list(filter).map(DatabaseInfo::name).toList());
  }

  /** Mints a token, and keeps it and its id under the name to save it as. */
  Map<String, Object> createToken(Fields fields, Map<String, String> saved) {
    NewToken token = NewToken.forDatabases();
    fields.list("databases").forEach(name -> token.databases(reference(name.toString())));
    fields.list("attach").forEach(name -> token.attach(reference(name.toString())));
    if (fields.has("access")) {
      token.access(Access.valueOf(fields.text("access")));
    }
    if (fields.has("ttl_ms")) {
      token.ttl(Duration.ofMillis(fields.number("ttl_ms")));
    }
    String name = fields.has("save") ? fields.text("save") : null;
    fields.done();
    MintedToken minted = client.tokens().create(token);
    if (name != null) {
      saved.put(name, minted.token());
      saved.put(name + "_id", minted.info().id());
    }
    return Map.of();
  }

  Map<String, Object> revokeToken(Fields fields) {
    String id = fields.text("id");
    fields.done();
    client.tokens().revoke(id);
    return Map.of();
  }

  Map<String, Object> migrate(Fields fields) {
    List<Migration> progress = new ArrayList<>();
    MigrationScript script =
        MigrationScript.of(reference(fields.text("schema")), fields.text("sql"))
            .onProgress(progress::add);
    if (fields.has("expected_generation")) {
      script.expectedGeneration(fields.number("expected_generation"));
    }
    if (fields.has("request_id")) {
      script.requestId(fields.text("request_id"));
    }
    if (fields.has("wait_for")) {
      script.waitUntil(
          switch (fields.text("wait_for")) {
            case "COMMIT" -> MigrationScript.Until.COMMITTED;
            case "APPLY" -> MigrationScript.Until.APPLIED;
            case "NOTHING" -> MigrationScript.Until.RECORDED;
            default -> throw new CaseFailure("unknown wait_for");
          });
    }
    boolean validateOnly = fields.flag("validate_only");
    fields.done();
    Map<String, Object> shown = new HashMap<>();
    if (validateOnly) {
      MigrationReport report = schema().validate(script);
      shown.put("failures", report.failures().stream().map(Migration.Failure::database).toList());
      shown.put("state", report.migration().state().name());
      shown.put("generation", report.migration().generation());
      return shown;
    }
    Migration migration = schema().migrate(script);
    shown.put("state", migration.state().name());
    shown.put("generation", migration.generation());
    shown.put(
        "progress",
        !progress.isEmpty() && progress.get(progress.size() - 1).state() == migration.state());
    return shown;
  }

  Map<String, Object> getSchema(Fields fields) {
    Schema.Text schema = schema().getSchema(schemaOf(fields));
    return Map.of("generation", schema.generation(), "sql", schema.ddl());
  }

  Map<String, Object> listMigrations(Fields fields) {
    return Map.of("states", schema().list(schemaOf(fields)).map(m -> m.state().name()).toList());
  }

  private String schemaOf(Fields fields) {
    String schema = reference(fields.text("schema"));
    fields.done();
    return schema;
  }

  Map<String, Object> listChildren(Fields fields) {
    String schema = reference(fields.text("schema"));
    int pageSize = fields.has("page_size") ? (int) fields.number("page_size") : 0;
    fields.done();
    return Map.of(
        "names",
        schema().listChildren(schema, Child.State.UNKNOWN, pageSize).map(Child::name).toList());
  }
}
