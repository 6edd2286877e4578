/**
 * The client of Tenantry, which gives every tenant its own SQLite database.
 *
 * <p>Begin with {@link dev.tenantry.TenantryClient#builder}.
 */
package dev.tenantry;
