// Package goose lets a migration tool that knows nothing of Tenantry migrate a SCHEMA
// database, and with it every tenant.
package goose

import (
	"database/sql"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	tenantry "github.com/tenantry/tenantry/sdk/go"
	"github.com/tenantry/tenantry/sdk/go/sqldriver"
	"github.com/tenantry/tenantry/sdk/go/tests/internal/server"
)

var scripts = fstest.MapFS{
	"001_orders.sql": {Data: []byte(`-- +goose Up
CREATE TABLE orders (id INTEGER PRIMARY KEY, reference TEXT NOT NULL);
CREATE TABLE lines (order_id INTEGER NOT NULL REFERENCES orders (id), sku TEXT NOT NULL);
INSERT INTO orders (reference) VALUES ('welcome');

-- +goose Down
DROP TABLE lines;
DROP TABLE orders;
`)},
	"002_note.sql": {Data: []byte(`-- +goose Up
ALTER TABLE orders ADD COLUMN note TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE orders DROP COLUMN note;
`)},
	"003_unique.sql": {Data: []byte(`-- +goose Up
CREATE TABLE audit (at TEXT);
CREATE UNIQUE INDEX orders_reference ON orders (reference);

-- +goose Down
DROP INDEX orders_reference;
DROP TABLE audit;
`)},
}

func TestGooseMigratesASchema(t *testing.T) {
	ctx := server.Context(t)
	running := server.Start(t)
	client := running.Client(t)
	server.Create(t, client, "shop>", "shop>acme", "shop>globex")

	db := sql.OpenDB(sqldriver.NewConnector(client.Database("shop")))
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, scripts)
	if err != nil {
		t.Fatal(err)
	}

	for version := int64(1); version <= 2; version++ {
		applied, err := provider.UpByOne(ctx)
		if err != nil {
			t.Fatalf("up to %d: %v", version, err)
		}
		if applied.Source.Version != version {
			t.Errorf("goose applied %d, not %d", applied.Source.Version, version)
		}
	}
	for _, tenant := range []string{"acme", "globex"} {
		result, err := client.Database(tenant).Execute(ctx, "SELECT reference, note FROM orders")
		if err != nil {
			t.Fatalf("%s: %v", tenant, err)
		}
		if got := result.Rows[0].Map(); got["reference"] != "welcome" || got["note"] != "" {
			t.Errorf("%s has %v", tenant, got)
		}
	}

	// The data of one tenant is in the way of the third: nothing changes anywhere.
	if _, err := client.Database("globex").Execute(ctx, "INSERT INTO orders (reference) VALUES ('welcome')"); err != nil {
		t.Fatal(err)
	}
	generation := generationOf(t, client)
	_, err = provider.UpByOne(ctx)
	var failed *tenantry.Error
	if !errors.As(err, &failed) || failed.Reason != tenantry.ReasonMigrationFailed {
		t.Fatalf("the third migration ended with %v", err)
	}
	if failed.Metadata["database"] != "default/globex" {
		t.Errorf("the error names %v", failed.Metadata)
	}
	if now := generationOf(t, client); now != generation {
		t.Errorf("the generation went from %d to %d", generation, now)
	}
	if version, err := provider.GetDBVersion(ctx); err != nil || version != 2 {
		t.Errorf("goose is at %d, %v", version, err)
	}
	if _, err := client.Database("acme").Execute(ctx, "SELECT at FROM audit"); !errors.Is(err, tenantry.ReasonSQLError) {
		t.Errorf("acme has a part of the failed migration: %v", err)
	}

	// With the row gone it goes through.
	if _, err := client.Database("globex").Execute(ctx, "DELETE FROM orders WHERE id = 2"); err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Up(ctx); err != nil {
		t.Fatal(err)
	}
	_, err = client.Database("globex").Execute(ctx, "INSERT INTO orders (reference) VALUES ('welcome')")
	if !errors.Is(err, tenantry.ReasonConstraint) {
		t.Errorf("the index does not hold on globex: %v", err)
	}

	status, err := provider.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range status {
		if script.State != goose.StateApplied || script.AppliedAt.IsZero() {
			t.Errorf("%s is %s since %s", script.Source.Path, script.State, script.AppliedAt)
		}
	}

	// Down again, on every tenant.
	if _, err := provider.Down(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Database("globex").Execute(ctx, "INSERT INTO orders (reference) VALUES ('welcome')"); err != nil {
		t.Errorf("the index is still there: %v", err)
	}
}

func generationOf(t *testing.T, client *tenantry.Client) uint64 {
	t.Helper()
	database, err := client.Databases.Get(server.Context(t), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return database.GetGeneration()
}
