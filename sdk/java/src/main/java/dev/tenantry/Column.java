package dev.tenantry;

/**
 * A column of a result.
 *
 * @param name its name, or what SQLite calls the expression
 * @param declaredType the type that the table declares, as written there; empty for an expression
 */
public record Column(String name, String declaredType) {}
