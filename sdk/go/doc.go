// Package tenantry is the client of Tenantry, a service that gives every tenant
// a SQLite database of its own.
//
// A [Client] holds a few connections to one server. [Client.Database] names a
// database on it and runs SQL there; Databases, Tokens and Schema administer the
// server. Every call takes a context, which bounds it and cancels it. What the
// server refuses comes back as an [*Error].
//
// The package sqldriver beside this one is a driver for database/sql.
package tenantry
