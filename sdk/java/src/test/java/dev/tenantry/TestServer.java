package dev.tenantry;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The real server, of the program in {@code TENANTRY_BIN}, with a data directory of its own. */
public final class TestServer implements AutoCloseable {
  private static final long START_SECONDS_MAX = 30;
  private static final long STOP_SECONDS_MAX = 30;
  private static final String LISTENING = "listening on ";

  private final List<String> flags;
  private final String program;
  private final Path dir;
  private Process process;
  private String address = "127.0.0.1:0";

  /** Starts a server with some flags. */
  public TestServer(List<String> flags) {
    this.flags = flags;
    program = System.getenv("TENANTRY_BIN");
    if (program == null) {
      throw new IllegalStateException("TENANTRY_BIN must name the server's program");
    }
    Path memory = Path.of("/dev/shm");
    try {
      dir =
          Files.isWritable(memory)
              ? Files.createTempDirectory(memory, "tenantry-java-")
              : Files.createTempDirectory("tenantry-java-");
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    start();
  }

  /** Starts a server. */
  public TestServer(String... flags) {
    this(List.of(flags));
  }

  /** Starts it again, where it was before. */
  public void start() {
    List<String> command = new ArrayList<>();
    command.add(program);
    command.addAll(List.of("serve", "--data-dir", dir.toString(), "--listen", address));
    command.addAll(flags);
    try {
      process =
          new ProcessBuilder(command)
              .redirectError(ProcessBuilder.Redirect.appendTo(new File(dir + ".log")))
              .start();
      Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
      address = listening().get(START_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (Exception failed) {
      throw new IllegalStateException("the server does not start; see " + dir + ".log", failed);
    }
  }

  /** The address, as soon as it is told; what follows is read and dropped. */
  private CompletableFuture<String> listening() {
    CompletableFuture<String> told = new CompletableFuture<>();
    BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
    Thread reader =
        new Thread(
            () -> {
              try (output) {
                String line;
                while ((line = output.readLine()) != null) {
                  if (line.startsWith(LISTENING)) {
                    told.complete(line.substring(LISTENING.length()).split(" ", 2)[0]);
                  }
                }
              } catch (IOException ended) {
                told.completeExceptionally(ended);
              }
              told.completeExceptionally(new IOException("it ended before it listened"));
            });
    reader.setDaemon(true);
    reader.start();
    return told;
  }

  /** Ends it with SIGTERM. */
  public void stop() {
    process.destroy();
    await();
  }

  /** Ends it with SIGKILL. */
  public void kill() {
    process.destroyForcibly();
    await();
  }

  private void await() {
    try {
      if (!process.waitFor(STOP_SECONDS_MAX, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException("the server did not end in time");
      }
    } catch (InterruptedException interrupted) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** Its endpoint, with the scheme. */
  public String endpoint() {
    return "http://" + address;
  }

  /** Its host and port. */
  public String address() {
    return address;
  }

  /** The token of the first admin. */
  public String adminToken() {
    try {
      return Files.readString(dir.resolve("admin.token")).strip();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** A client of the first admin. */
  public TenantryClient client() {
    return TenantryClient.builder(endpoint()).token(adminToken()).build();
  }

  @Override
  public void close() {
    kill();
    try (Stream<Path> files = Files.walk(dir)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    new File(dir + ".log").delete();
  }
}
