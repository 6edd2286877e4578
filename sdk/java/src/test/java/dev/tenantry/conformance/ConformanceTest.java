package dev.tenantry.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenantry.TestServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Runs the conformance suite that all SDKs share. */
class ConformanceTest {
  private static final String LANGUAGE = "java";
  private static final Path CASES = Path.of("../../tests/conformance");

  private final String run = Long.toString(System.nanoTime(), 36);
  private int passed;
  private int failed;
  private int skipped;

  @Test
  void everyCaseEndsAsItSays() throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.list(CASES)) {
      files = found.filter(path -> path.toString().endsWith(".yaml")).sorted().toList();
    }
    try (TestServer shared = new TestServer()) {
      for (Path path : files) {
        String file = path.getFileName().toString();
        Fields suite = new Fields(new Load(settings()).loadFromString(Files.readString(path)));
        suite.text("about");
        for (Object item : suite.list("cases")) {
          run(file, new Fields(item), shared);
        }
        suite.done();
      }
    }
    System.out.printf(
        "conformance %s: %d passed, %d failed, %d skipped%n", LANGUAGE, passed, failed, skipped);
    assertEquals(0, failed, "cases failed");
    assertTrue(passed > 0, "no case was run");
  }

  private static LoadSettings settings() {
    return LoadSettings.builder().build();
  }

  private void run(String file, Fields testCase, TestServer shared) {
    String name = testCase.text("name");
    // For whoever looks into one case: a part of its name.
    String only = System.getenv("TENANTRY_CASE");
    if (only != null && !name.contains(only)) {
      return;
    }
    if (testCase.take("skip") instanceof Map<?, ?> skips && skips.containsKey(LANGUAGE)) {
      skipped++;
      System.out.printf("skipped %s: %s: %s%n", file, name, skips.get(LANGUAGE));
      return;
    }
    String group = "c" + run + "-" + (passed + failed);
    try (CaseRunner runner = runner(testCase, shared, group)) {
      runner.run(testCase);
      passed++;
    } catch (Exception | AssertionError why) {
      failed++;
      System.out.printf("FAILED %s: %s: %s%n", file, name, why.getMessage());
    }
  }

  private static CaseRunner runner(Fields testCase, TestServer shared, String group) {
    if (!testCase.has("server")) {
      return new CaseRunner(shared, false, group);
    }
    List<String> flags = testCase.list("server").stream().map(Object::toString).toList();
    return new CaseRunner(new TestServer(flags), true, group);
  }
}
