package dev.tenantry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs what the documents show, as a user would: by {@code java}, with the server's environment.
 */
@Timeout(120)
class DocumentsTest {
  private static final Path PAGE = Path.of("../../docs/java.md");
  private static final Path SHOP = Path.of("../../examples/shop");
  private static final int SHOP_LINES_MAX = 150;

  @TempDir Path dir;

  @Test
  void theSnippetsOfThePageRunAndPrintWhatItShows() throws Exception {
    String page = Files.readString(PAGE);
    List<String> code = fences(page, "java test");
    assertFalse(code.isEmpty());
    // One program: the imports of all, then the statements of all.
    var lines = code.stream().flatMap(String::lines).toList();
    var imports = lines.stream().filter(line -> line.startsWith("import "));
    var statements = lines.stream().filter(line -> !line.startsWith("import "));
    Path program = dir.resolve("Page.java");
    Files.writeString(
        program,
        imports.collect(Collectors.joining("\n"))
            + "\nclass Page { public static void main(String[] args) throws Exception {\n"
            + statements.collect(Collectors.joining("\n"))
            + "\n} }\n");
    assertEquals(String.join("", fences(page, "text")), run(program));
  }

  @Test
  void theShopPrintsWhatEveryShopDoes() throws Exception {
    Path program = SHOP.resolve("java/Shop.java");
    assertTrue(Files.readAllLines(program).size() < SHOP_LINES_MAX);
    assertEquals(Files.readString(SHOP.resolve("expected.txt")), run(program));
  }

  private static List<String> fences(String page, String info) {
    return Stream.of(page.split("(?m)^```" + info + "\n"))
        .skip(1)
        .map(rest -> rest.substring(0, rest.indexOf("```")))
        .toList();
  }

  private String run(Path program) throws IOException, InterruptedException {
    Path output = dir.resolve("output");
    Path errors = dir.resolve("errors");
    try (TestServer server = new TestServer()) {
      var builder =
          new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-Xmx256m",
              "--class-path",
              System.getProperty("java.class.path"),
              program.toString());
      builder.environment().put("TENANTRY_ENDPOINT", server.endpoint());
      builder.environment().put("TENANTRY_TOKEN", server.adminToken());
      Process process =
          builder.redirectOutput(output.toFile()).redirectError(errors.toFile()).start();
      try {
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it takes too long");
      } finally {
        process.destroyForcibly();
      }
      assertEquals(0, process.exitValue(), () -> read(errors));
    }
    return Files.readString(output);
  }

  private static String read(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException failed) {
      return failed.toString();
    }
  }
}
