package sqlc

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	tenantry "github.com/tenantry/tenantry/sdk/go"
	"github.com/tenantry/tenantry/sdk/go/sqldriver"
	"github.com/tenantry/tenantry/sdk/go/tests/internal/server"
)

const schema = `CREATE TABLE authors (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	bio TEXT,
	rating REAL,
	active BOOLEAN NOT NULL DEFAULT FALSE,
	photo BLOB,
	created DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
)`

func TestQueries(t *testing.T) {
	ctx := server.Context(t)
	client := server.Start(t).Client(t)
	server.Create(t, client, "library")
	db := sql.OpenDB(sqldriver.NewConnector(client.Database("library")))
	defer db.Close()
	if _, err := db.ExecContext(ctx, schema); err != nil {
		t.Fatal(err)
	}
	queries := New(db)

	created, err := queries.CreateAuthor(ctx, CreateAuthorParams{
		Name:   "Ursula",
		Rating: sql.NullFloat64{Float64: 4.5, Valid: true},
		Active: true,
		Photo:  []byte{0, 0xff},
	})
	if err != nil {
		t.Fatal(err)
	}
	if age := time.Since(created.Created); age < -time.Minute || age > time.Hour {
		t.Errorf("it was created at %s", created.Created)
	}
	got, err := queries.GetAuthor(ctx, created.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Bio.Valid || got.Rating.Float64 != 4.5 || !got.Active || string(got.Photo) != "\x00\xff" || !got.Created.Equal(created.Created) {
		t.Errorf("got %+v, created %+v", got, created)
	}
	if _, err := queries.GetAuthor(ctx, 99); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("an author who is not there: %v", err)
	}

	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	inside := queries.WithTx(tx)
	id, err := inside.AddAuthor(ctx, "Italo")
	if err != nil || id != 2 {
		t.Fatalf("added %d, %v", id, err)
	}
	if _, err := inside.AddAuthor(ctx, "Italo"); !errors.Is(err, tenantry.ReasonConstraint) {
		t.Errorf("the same name twice: %v", err)
	}
	if changed, err := inside.RenameAuthor(ctx, id, "Calvino"); err != nil || changed != 1 {
		t.Errorf("renamed %d, %v", changed, err)
	}
	if all, err := inside.ListAuthors(ctx); err != nil || len(all) != 2 {
		t.Errorf("inside there are %v, %v", all, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if all, err := queries.ListAuthors(ctx); err != nil || len(all) != 1 || all[0].Name != "Ursula" {
		t.Errorf("after the rollback there are %v, %v", all, err)
	}
}
