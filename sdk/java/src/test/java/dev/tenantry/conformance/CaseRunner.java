package dev.tenantry.conformance;

import dev.tenantry.Database;
import dev.tenantry.NewDatabase;
import dev.tenantry.RetryPolicy;
import dev.tenantry.Statement;
import dev.tenantry.TenantryClient;
import dev.tenantry.TenantryException;
import dev.tenantry.TestServer;
import dev.tenantry.Transaction;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Runs the steps of one case: its clients, its server, and what was saved. */
final class CaseRunner implements AutoCloseable {
  private static final long STEP_SECONDS_MAX = 30;
  private static final Duration IN_FLIGHT = Duration.ofMillis(200);
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([^}]*)}");

  /** What a caller's function of its own fails with. */
  private static final class OwnFailure extends Exception {
    private static final long serialVersionUID = 1L;
  }

  private final TestServer server;
  private final boolean ownsServer;
  private final String group;
  private final Map<String, String> saved = new HashMap<>();
  private final Map<String, TenantryClient> clients = new HashMap<>();
  private final ExecutorService steps = Executors.newCachedThreadPool();
  private final TenantryClient admin;
  private CompletableFuture<Void> starting = CompletableFuture.completedFuture(null);

  CaseRunner(TestServer server, boolean ownsServer, String group) {
    this.server = server;
    this.ownsServer = ownsServer;
    this.group = group;
    this.admin = server.client();
    saved.put("group", group);
  }

  void run(Fields testCase) throws Exception {
    admin.databases().createGroup(group);
    for (Object item : testCase.list("databases")) {
      if (item instanceof String name) {
        admin.databases().create(NewDatabase.named(group + "/" + name));
      } else {
        Fields database = new Fields(item);
        NewDatabase described =
            Operations.newDatabase(group + "/" + database.text("name"), database);
        database.done();
        admin.databases().create(described);
      }
    }
    int number = 0;
    for (Object step : testCase.list("steps")) {
      number++;
      Future<?> running = steps.submit(() -> run(step));
      try {
        running.get(STEP_SECONDS_MAX, TimeUnit.SECONDS);
      } catch (TimeoutException tooLong) {
        running.cancel(true);
        throw new CaseFailure("step " + number + " takes longer than 30 seconds");
      } catch (ExecutionException failed) {
        Throwable why = failed.getCause();
        String text = why instanceof CaseFailure ? why.getMessage() : why.toString();
        throw (CaseFailure) new CaseFailure("step " + number + ": " + text).initCause(why);
      }
    }
    testCase.done();
  }

  /** Runs a step, and compares how it ended. */
  private Void run(Object yaml) throws Exception {
    Fields step = new Fields(substituted(yaml));
    Fields expected = step.has("expect") ? new Fields(step.take("expect")) : null;
    Fields error = step.has("error") ? new Fields(step.take("error")) : null;
    Map<String, Object> result;
    try {
      result = operate(step);
    } catch (TenantryException failure) {
      if (error == null) {
        throw failure;
      }
      Expectations.checkError(error, failure);
      return null;
    }
    if (error != null) {
      throw new CaseFailure("it did not fail: " + result);
    }
    if (expected != null) {
      Expectations.check(expected, result);
    }
    return null;
  }

  private Map<String, Object> operate(Fields step) throws Exception {
    TenantryClient client = admin;
    String clientName = null;
    if (step.has("client")) {
      clientName = step.text("client");
      client = clients.get(clientName);
      if (client == null) {
        throw new CaseFailure("there is no client '" + clientName + "'");
      }
    }
    Duration timeout = step.has("timeout_ms") ? Duration.ofMillis(step.number("timeout_ms")) : null;
    boolean idempotent = step.flag("idempotent");
    if (step.unread().size() != 1) {
      throw new CaseFailure("a step has one operation, not: " + step.unread());
    }
    String operation = step.unread().iterator().next().toString();
    Object value = step.take(operation);
    if (operation.equals("server")) {
      return server(value);
    }
    Fields fields = new Fields(value);
    Operations calls = new Operations(client, group, timeout, idempotent);
    return switch (operation) {
      case "connect" -> connect(fields);
      case "execute" -> calls.execute(fields);
      case "batch" -> calls.batch(fields);
      case "query" -> query(calls, fields);
      case "transaction" -> transaction(calls, fields);
      case "create_database" -> calls.createDatabase(fields);
      case "branch_database" -> calls.branchDatabase(fields);
      case "get_database" -> calls.getDatabase(fields);
      case "update_database" -> calls.updateDatabase(fields);
      case "delete_database" -> calls.deleteDatabase(fields);
      case "undelete_database" -> calls.undeleteDatabase(fields);
      case "list_databases" -> calls.listDatabases(fields);
      case "create_token" -> calls.createToken(fields, saved);
      case "revoke_token" -> calls.revokeToken(fields);
      case "migrate" -> calls.migrate(fields);
      case "get_schema" -> calls.getSchema(fields);
      case "list_children" -> calls.listChildren(fields);
      case "list_migrations" -> calls.listMigrations(fields);
      case "cancel" -> cancel(fields);
      case "close" -> close(fields, client, clientName);
      default -> throw new CaseFailure("unknown operation '" + operation + "'");
    };
  }

  private Map<String, Object> connect(Fields fields) {
    String endpoint = fields.has("endpoint") ? fields.text("endpoint") : server.endpoint();
    TenantryClient.Builder builder = TenantryClient.builder(endpoint);
    if (fields.has("tokens")) {
      List<?> answers = fields.list("tokens");
      AtomicInteger next = new AtomicInteger();
      builder.token(
          () -> answers.get(Math.min(next.getAndIncrement(), answers.size() - 1)).toString());
    } else {
      builder.token(fields.has("token") ? fields.text("token") : server.adminToken());
    }
    if (fields.has("attempts")) {
      RetryPolicy usual = RetryPolicy.DEFAULT;
      builder.retries(
          new RetryPolicy(
              (int) fields.number("attempts"), usual.initialBackoff(), usual.maxBackoff()));
    }
    clients.put(fields.text("name"), builder.build());
    fields.done();
    return Map.of();
  }

  private Map<String, Object> query(Operations calls, Fields fields) {
    Object interfere = fields.take("interfere");
    String database = fields.text("database");
    return calls.query(
        fields,
        () -> {
          if (interfere != null) {
            interfere(interfere, database);
          }
        });
  }

  private Map<String, Object> transaction(Operations calls, Fields fields) throws Exception {
    Object interfere = fields.take("interfere");
    String name = fields.text("database");
    Database database = calls.database(fields);
    List<?> statements = fields.list("do");
    boolean fails = fields.has("end") && fields.text("end").equals("fail");
    fields.done();
    OwnFailure own = new OwnFailure();
    AtomicInteger attempts = new AtomicInteger();
    try {
      database.transaction(
          transaction -> {
            int attempt = attempts.incrementAndGet();
            for (int i = 0; i < statements.size(); i++) {
              within(transaction, statements.get(i));
              if (i == 0 && attempt == 1 && interfere != null) {
                interfere(interfere, name);
              }
            }
            if (fails) {
              throw own;
            }
            return null;
          });
      if (fails) {
        throw new CaseFailure("the function failed, and its error did not come out");
      }
    } catch (OwnFailure cameOut) {
      if (cameOut != own) {
        throw new CaseFailure("the function's own error was changed");
      }
    }
    return Map.of("attempts", attempts.get());
  }

  private void within(Transaction transaction, Object yaml) {
    Fields step = new Fields(yaml);
    Fields execute = new Fields(step.take("execute"));
    Statement statement = Operations.statement(execute);
    execute.done();
    Map<String, Object> result;
    try {
      result = Operations.shown(transaction.execute(statement));
    } catch (TenantryException failure) {
      if (!step.has("error")) {
        throw failure;
      }
      Expectations.checkError(new Fields(step.take("error")), failure);
      step.done();
      return;
    }
    if (step.has("error")) {
      throw new CaseFailure("a statement of the transaction did not fail");
    }
    if (step.has("expect")) {
      Expectations.check(new Fields(step.take("expect")), result);
    }
    step.done();
  }

  /** What happens beside a transaction or a query: SQL for its database, or steps. */
  private void interfere(Object interfere, String database) {
    try {
      if (interfere instanceof String sql) {
        admin.database(group + "/" + database).execute(sql);
        return;
      }
      for (Object step : (List<?>) interfere) {
        run(step);
      }
    } catch (TenantryException failure) {
      // It must not be taken for one of the transaction's, which would run it again.
      throw new CaseFailure("the interference failed: " + failure);
    } catch (Exception failure) {
      throw new CaseFailure("the interference failed: " + failure);
    }
  }

  /** Cancelled is a call in Java by interrupting the thread that waits for it. */
  private Map<String, Object> cancel(Fields fields) throws Exception {
    long afterMillis = fields.number("after_ms");
    Object call = fields.take("call");
    fields.done();
    Thread caller = Thread.currentThread();
    Future<?> interrupting =
        steps.submit(
            () -> {
              TimeUnit.MILLISECONDS.sleep(afterMillis);
              caller.interrupt();
              return null;
            });
    try {
      return operate(new Fields(call));
    } finally {
      await(interrupting);
      Thread.interrupted();
    }
  }

  /** Waits for what interrupts this thread, which may be interrupted by it only now. */
  private static void await(Future<?> interrupting) throws ExecutionException {
    while (true) {
      try {
        interrupting.get();
        return;
      } catch (InterruptedException expected) {
        // That clears the mark, and the wait begins again.
      }
    }
  }

  private Map<String, Object> close(Fields fields, TenantryClient client, String name)
      throws Exception {
    if (name == null) {
      throw new CaseFailure("only a client made by connect is closed");
    }
    Future<Map<String, Object>> inFlight = null;
    if (fields.has("in_flight")) {
      Map<Object, Object> call = new LinkedHashMap<>();
      call.putAll((Map<?, ?>) fields.take("in_flight"));
      call.put("client", name);
      inFlight = steps.submit(() -> operate(new Fields(call)));
      TimeUnit.NANOSECONDS.sleep(IN_FLIGHT.toNanos());
    }
    fields.done();
    client.close();
    if (inFlight == null) {
      return Map.of();
    }
    try {
      return inFlight.get();
    } catch (ExecutionException ended) {
      if (ended.getCause() instanceof TenantryException failure) {
        throw failure;
      }
      throw ended;
    }
  }

  private Map<String, Object> server(Object value) {
    if (!ownsServer) {
      throw new CaseFailure("a shared server is not stopped; the case needs 'server'");
    }
    started();
    if (value instanceof String what) {
      switch (what) {
        case "stop" -> server.stop();
        case "kill" -> server.kill();
        case "start" -> server.start();
        case "restart" -> {
          server.stop();
          server.start();
        }
        default -> throw new CaseFailure("unknown: server: " + what);
      }
    } else {
      Fields fields = new Fields(value);
      long afterMillis = fields.number("start_after_ms");
      fields.done();
      starting =
          CompletableFuture.runAsync(
              server::start,
              CompletableFuture.delayedExecutor(afterMillis, TimeUnit.MILLISECONDS, steps));
    }
    return Map.of();
  }

  /** Waits for a server that is being started behind the steps. */
  private void started() {
    try {
      starting.join();
    } catch (CompletionException failed) {
      throw new CaseFailure("the server did not start: " + failed.getCause());
    }
  }

  private Object substituted(Object yaml) {
    if (yaml instanceof String text) {
      return VARIABLE
          .matcher(text)
          .replaceAll(
              match -> {
                String value = saved.get(match.group(1));
                if (value == null) {
                  throw new CaseFailure("nothing was saved as " + match.group());
                }
                return Matcher.quoteReplacement(value);
              });
    }
    if (yaml instanceof List<?> list) {
      return list.stream().map(this::substituted).collect(Collectors.toList());
    }
    if (yaml instanceof Map<?, ?> map) {
      Map<Object, Object> substituted = new LinkedHashMap<>();
      map.forEach((key, value) -> substituted.put(key, substituted(value)));
      return substituted;
    }
    return yaml;
  }

  @Override
  public void close() {
    try {
      started();
    } finally {
      clients.values().forEach(TenantryClient::close);
      admin.close();
      steps.shutdownNow();
      if (ownsServer) {
        server.close();
      }
    }
  }
}
