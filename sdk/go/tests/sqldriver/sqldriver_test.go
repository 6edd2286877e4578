// Package sqldriver tests the driver for database/sql against the real server.
package sqldriver

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	tenantry "github.com/tenantry/tenantry/sdk/go"
	_ "github.com/tenantry/tenantry/sdk/go/sqldriver"
	"github.com/tenantry/tenantry/sdk/go/tests/internal/server"
)

// open opens a database by a data source name.
func open(t *testing.T, running *server.Server, database string, parameters url.Values) *sql.DB {
	t.Helper()
	if parameters == nil {
		parameters = url.Values{}
	}
	if !parameters.Has("token") {
		parameters.Set("token", running.Token())
	}
	db, err := sql.Open("tenantry", "tenantry://"+running.Address+"/"+database+"?"+parameters.Encode())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func exec(t *testing.T, db *sql.DB, query string, args ...any) sql.Result {
	t.Helper()
	result, err := db.ExecContext(server.Context(t), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestDatabase(t *testing.T) {
	ctx := server.Context(t)
	running := server.Start(t)
	server.Create(t, running.Client(t), "data")
	db := open(t, running, "default/data", nil)

	if err := db.PingContext(ctx); err != nil {
		t.Fatal(err)
	}
	exec(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(10), r REAL, b BLOB, at TIMESTAMP)")
	moment := time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC)
	result := exec(t, db, "INSERT INTO t (v, b, r, at) VALUES (?, ?, :r, @at)",
		"x", []byte("y"), sql.Named("r", 0.5), sql.Named("at", moment))
	if id, err := result.LastInsertId(); err != nil || id != 1 {
		t.Errorf("the id is %d, %v", id, err)
	}
	if count, err := exec(t, db, "UPDATE t SET v = v || ?", "z").RowsAffected(); err != nil || count != 1 {
		t.Errorf("changed %d rows, %v", count, err)
	}

	rows, err := db.QueryContext(ctx, "SELECT *, v AS v, 1 + 1 FROM t")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	var names, scans []string
	for _, column := range types {
		names = append(names, column.Name()+" "+column.DatabaseTypeName())
		scans = append(scans, column.ScanType().String())
	}
	if want := []string{"id INTEGER", "v VARCHAR", "r REAL", "b BLOB", "at TIMESTAMP", "v VARCHAR", "1 + 1 "}; !reflect.DeepEqual(names, want) {
		t.Errorf("the columns are %q", names)
	}
	if want := []string{"int64", "string", "float64", "[]uint8", "time.Time", "string", "interface {}"}; !reflect.DeepEqual(scans, want) {
		t.Errorf("the types are %q", scans)
	}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	var id, sum int
	var v, again string
	var r float64
	var b []byte
	var at time.Time
	if err := rows.Scan(&id, &v, &r, &b, &at, &again, &sum); err != nil {
		t.Fatal(err)
	}
	if id != 1 || v != "xz" || again != "xz" || r != 0.5 || string(b) != "y" || !at.Equal(moment) || sum != 2 {
		t.Error(id, v, r, b, at, again, sum)
	}
	if rows.Next() || rows.Err() != nil {
		t.Error("there is another row", rows.Err())
	}
}

func TestPreparedStatement(t *testing.T) {
	ctx := server.Context(t)
	running := server.Start(t)
	server.Create(t, running.Client(t), "data")
	db := open(t, running, "data", nil)
	exec(t, db, "CREATE TABLE t (v)")
	insert, err := db.PrepareContext(ctx, "INSERT INTO t VALUES (?)")
	if err != nil {
		t.Fatal(err)
	}
	defer insert.Close()
	for value := range 3 {
		if _, err := insert.ExecContext(ctx, value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := insert.ExecContext(ctx); !errors.Is(err, tenantry.ReasonArgumentMismatch) {
		t.Errorf("without its argument: %v", err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.StmtContext(ctx, insert).ExecContext(ctx, 3); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	var sum int
	if err := db.QueryRowContext(ctx, "SELECT sum(v) FROM t").Scan(&sum); err != nil || sum != 6 {
		t.Errorf("the sum is %d, %v", sum, err)
	}
}

func TestTransactions(t *testing.T) {
	ctx := server.Context(t)
	running := server.Start(t)
	server.Create(t, running.Client(t), "data")
	db := open(t, running, "data", nil)
	exec(t, db, "CREATE TABLE t (v)")

	reading, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reading.ExecContext(ctx, "INSERT INTO t VALUES (1)"); !errors.Is(err, tenantry.ReasonReadOnly) {
		t.Errorf("a write in a transaction that reads: %v", err)
	}
	exec(t, db, "INSERT INTO t VALUES (1)")
	var count int
	if err := reading.QueryRowContext(ctx, "SELECT count(*) FROM t").Scan(&count); err != nil {
		t.Error(err)
	}
	if err := reading.Commit(); err != nil {
		t.Error(err)
	}

	if _, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadUncommitted}); err == nil {
		t.Error("read uncommitted was taken")
	}

	// The end of its context rolls a transaction back, and frees the database.
	short, cancel := context.WithCancel(ctx)
	lost, err := db.BeginTx(short, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lost.ExecContext(ctx, "INSERT INTO t VALUES (2)"); err != nil {
		t.Fatal(err)
	}
	cancel()
	exec(t, db, "INSERT INTO t VALUES (3)")
	if err := lost.Commit(); err == nil {
		t.Error("a transaction without a context was committed")
	}
	if err := db.QueryRowContext(ctx, "SELECT group_concat(v) = '1,3' FROM t").Scan(&count); err != nil || count != 1 {
		t.Errorf("%d, %v", count, err)
	}
}

func TestRowsLeftEarly(t *testing.T) {
	ctx := server.Context(t)
	running := server.Start(t)
	server.Create(t, running.Client(t), "data")
	db := open(t, running, "data", nil)
	db.SetMaxOpenConns(1)
	const endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c"
	var first int
	if err := db.QueryRowContext(ctx, endless).Scan(&first); err != nil || first != 1 {
		t.Fatal(first, err)
	}
	short, cancel := context.WithCancel(ctx)
	rows, err := db.QueryContext(short, endless)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	rows.Next()
	cancel()
	for rows.Next() {
	}
	if !errors.Is(rows.Err(), context.Canceled) {
		t.Errorf("the rows ended with %v", rows.Err())
	}
	if err := db.QueryRowContext(ctx, "SELECT 7").Scan(&first); err != nil || first != 7 {
		t.Error(first, err)
	}
}

func TestAttach(t *testing.T) {
	running := server.Start(t)
	client := running.Client(t)
	server.Create(t, client, "orders", "catalogue")
	if _, err := client.Databases.Update(server.Context(t), "catalogue", tenantry.SetAllowAttach(true)); err != nil {
		t.Fatal(err)
	}
	exec(t, open(t, running, "catalogue", nil), "CREATE TABLE p (sku); INSERT INTO p VALUES ('A1')")
	db := open(t, running, "orders", url.Values{"attach": {"catalogue=c"}, "mode": {"deferred"}})
	var sku string
	if err := db.QueryRow("SELECT sku FROM c.p").Scan(&sku); err != nil || sku != "A1" {
		t.Error(sku, err)
	}
}

func TestBadDataSourceNames(t *testing.T) {
	for name, want := range map[string]string{
		"postgres://127.0.0.1:1/a":                     "it must be tenantry://",
		"tenantry://127.0.0.1:1?token=secret":          "names no database",
		"tenantry://127.0.0.1/a?token=secret":          "HOST:PORT",
		"tenantry://127.0.0.1:1/a?token=secret&pool=3": `no parameter "pool"`,
		"tenantry://127.0.0.1:1/a?tls=perhaps":         "tls must be",
		"tenantry://127.0.0.1:1/a?mode=exclusive":      "mode must be",
		"tenantry://127.0.0.1:1/a?ca=no-such-file":     "no-such-file",
		"tenantry://127.0.0.1:1/a?token=secret%zz":     "cannot be read",
	} {
		_, err := sql.Open("tenantry", name)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error shows the token: %v", err)
		}
	}
}

func TestErrors(t *testing.T) {
	ctx := server.Context(t)
	running := server.Start(t)
	server.Create(t, running.Client(t), "data")
	db := open(t, running, "data", nil)
	_, err := db.ExecContext(ctx, "SELEC 1")
	var told *tenantry.Error
	if !errors.As(err, &told) || told.Reason != tenantry.ReasonSQLError {
		t.Errorf("wrong SQL: %v", err)
	}
	if err := open(t, running, "nobody", nil).PingContext(ctx); !errors.Is(err, tenantry.ReasonDatabaseNotFound) {
		t.Errorf("a database that is not there: %v", err)
	}
	if err := open(t, running, "data", url.Values{"token": {"none"}}).PingContext(ctx); !errors.Is(err, tenantry.ReasonTokenInvalid) {
		t.Errorf("a wrong token: %v", err)
	}
	db.Close()
	if _, err := db.ExecContext(ctx, "SELECT 1"); err == nil {
		t.Error("a closed database answers")
	}
}
