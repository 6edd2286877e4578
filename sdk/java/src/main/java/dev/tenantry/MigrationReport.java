package dev.tenantry;

import dev.tenantry.v1.ApplyMigrationResponse;
import dev.tenantry.v1.MigrationValidation;
import java.time.Duration;
import java.util.List;

/**
 * What a migration would do.
 *
 * @param migration the migration as it would be: FAILED where it fails on a database
 * @param failures the databases on which it fails, at most 100; empty when it would commit now
 * @param failuresTotal how many databases it fails on
 * @param childrenValidated children that it was run on, and undone
 * @param rowsWritten rows that it writes, on the parent and these children together
 * @param duration how long it took
 * @param rowIndependent the script is of a kind that rows cannot make fail
 */
public record MigrationReport(
    Migration migration,
    List<Migration.Failure> failures,
    long failuresTotal,
    long childrenValidated,
    long rowsWritten,
    Duration duration,
    boolean rowIndependent) {
  static MigrationReport of(ApplyMigrationResponse response) {
    MigrationValidation validation = response.getValidation();
    return new MigrationReport(
        Migration.of(response.getMigration()),
        validation.getFailuresList().stream().map(Migration.Failure::of).toList(),
        validation.getFailuresTotal(),
        validation.getChildrenValidated(),
        validation.getRowsWritten(),
        Protos.duration(validation.getDuration()),
        validation.getRowIndependent());
  }
}
