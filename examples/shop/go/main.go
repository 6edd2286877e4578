// Command shop is a shop for businesses: each tenant has its orders in a database of
// its own, all follow one schema, and share a catalogue that they can only read.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	tenantry "github.com/tenantry/tenantry/sdk/go"
)

const orderSchema = `
CREATE TABLE orders (id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, placed_at TEXT NOT NULL);
CREATE TABLE lines (order_id INTEGER NOT NULL REFERENCES orders (id), sku TEXT NOT NULL, quantity INTEGER NOT NULL)`

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	admin, err := tenantry.New(os.Getenv("TENANTRY_ENDPOINT"), tenantry.WithToken(os.Getenv("TENANTRY_TOKEN")))
	if err != nil {
		return err
	}
	defer admin.Close()
	if err := prepare(ctx, admin); err != nil {
		return err
	}
	// Each tenant gets a token that opens its own database and no other.
	tenants := map[string]*tenantry.Client{}
	for _, order := range []struct {
		tenant, reference string
		quantities        map[string]int
	}{
		{"acme", "PO-1", map[string]int{"A1": 1, "B2": 6}},
		{"globex", "G-77", map[string]int{"C3": 2}},
	} {
		token, _, err := admin.Tokens.Create(ctx, &tenantry.CreateTokenRequest{
			Databases: []string{"b2b/" + order.tenant},
			Attach:    []string{"b2b/catalogue"},
		})
		if err != nil {
			return err
		}
		client, err := tenantry.New(os.Getenv("TENANTRY_ENDPOINT"), tenantry.WithToken(token))
		if err != nil {
			return err
		}
		defer client.Close()
		tenants[order.tenant] = client
		if err := place(ctx, client.Database("b2b/"+order.tenant), order.reference, order.quantities); err != nil {
			return err
		}
		fmt.Printf("%s placed %s\n", order.tenant, order.reference)
	}
	acme, globex := tenants["acme"].Database("b2b/acme"), tenants["globex"].Database("b2b/globex")
	err = place(ctx, acme, "PO-1", map[string]int{"A1": 1})
	if !errors.Is(err, tenantry.ReasonConstraint) {
		return fmt.Errorf("PO-1 twice: %w", err)
	}
	fmt.Println("acme: PO-1 is there already (CONSTRAINT)")
	if err := errors.Join(show(ctx, "acme", acme), show(ctx, "globex", globex)); err != nil {
		return err
	}
	_, err = tenants["acme"].Database("b2b/globex").Execute(ctx, "SELECT * FROM orders")
	if !errors.Is(err, tenantry.ReasonDatabaseNotFound) {
		return fmt.Errorf("another tenant's orders: %w", err)
	}
	fmt.Println("acme cannot see globex (DATABASE_NOT_FOUND)")
	if err := migrate(ctx, admin, "ALTER TABLE orders ADD COLUMN note TEXT"); err != nil {
		return err
	}
	result, err := acme.Execute(ctx, "UPDATE orders SET note = ? WHERE reference = ? RETURNING reference, note", "rush", "PO-1")
	if err != nil {
		return err
	}
	fmt.Printf("acme: %s %s\n", result.Rows[0].At(0), result.Rows[0].At(1))
	return nil
}

// prepare makes the group, the catalogue, the tenants and their schema.
func prepare(ctx context.Context, admin *tenantry.Client) error {
	_, err := admin.Databases.CreateGroup(ctx, "b2b")
	for _, database := range []*tenantry.Database{
		{Group: "b2b", Name: "catalogue", AllowAttach: true},
		{Group: "b2b", Name: "shop", Kind: tenantry.KindSchema},
		{Group: "b2b", Name: "acme", Schema: "shop"},
		{Group: "b2b", Name: "globex", Schema: "shop"},
	} {
		if err == nil {
			_, err = admin.Databases.Create(ctx, database)
		}
	}
	if err != nil {
		return err
	}
	_, err = admin.Database("b2b/catalogue").Batch(ctx, tenantry.Immediate,
		tenantry.SQL("CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT, price_cents INTEGER)"),
		tenantry.SQL("INSERT INTO products VALUES (?, ?, ?)", "A1", "Teapot", 2450),
		tenantry.SQL("INSERT INTO products VALUES (?, ?, ?)", "B2", "Cup", 600),
		tenantry.SQL("INSERT INTO products VALUES (?, ?, ?)", "C3", "Tray", 1225))
	if err != nil {
		return err
	}
	return migrate(ctx, admin, orderSchema)
}

func migrate(ctx context.Context, admin *tenantry.Client, script string) error {
	migration, err := admin.Schema.Migrate(ctx, "b2b/shop", script)
	if err == nil {
		fmt.Printf("shop is at generation %d\n", migration.GetGeneration())
	}
	return err
}

// place writes an order with its lines, or nothing.
func place(ctx context.Context, db *tenantry.DB, reference string, quantities map[string]int) error {
	return db.Transaction(ctx, tenantry.Immediate, func(tx *tenantry.Tx) error {
		order, err := tx.Execute(ctx, "INSERT INTO orders (reference, placed_at) VALUES (?, datetime())", reference)
		for sku, quantity := range quantities {
			if err != nil {
				return err
			}
			_, err = tx.Execute(ctx, "INSERT INTO lines VALUES (?, ?, ?)", order.LastInsertID, sku, quantity)
		}
		return err
	})
}

// show prints what a tenant has ordered, with names and prices of the catalogue.
func show(ctx context.Context, tenant string, db *tenantry.DB) error {
	result, err := db.With(tenantry.Attach("b2b/catalogue")).Query(ctx, `
		SELECT name, quantity, quantity * price_cents FROM lines JOIN catalogue.products USING (sku) ORDER BY name`)
	if err != nil {
		return err
	}
	for row, err := range result.All() {
		if err != nil {
			return err
		}
		fmt.Printf("%s: %s x%s = %.2f\n", tenant, row.At(0), row.At(1), float64(row.At(2).Int64())/100)
	}
	return nil
}
