// Package client tests what the documents promise of the client where things go
// wrong, against the real server.
package client

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	tenantry "github.com/tenantry/tenantry/sdk/go"
	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
	"github.com/tenantry/tenantry/sdk/go/tests/internal/server"
)

const endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n, 'padding' FROM c"

func execute(t *testing.T, db *tenantry.DB, query string, args ...any) *tenantry.Result {
	t.Helper()
	result, err := db.Execute(server.Context(t), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestWrongEndpoint(t *testing.T) {
	ctx := server.Context(t)
	client, err := tenantry.New("http://127.0.0.1:1", tenantry.WithRetry(tenantry.RetryPolicy{
		MaxAttempts: 2, MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond,
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, err = client.Database("data").Execute(ctx, "SELECT 1")
	if tenantry.Code(err) != codes.Unavailable {
		t.Errorf("a call that is not repeated: %v", err)
	}
	_, err = client.Databases.Get(ctx, "data")
	if tenantry.Code(err) != codes.Unavailable {
		t.Errorf("a call that is repeated: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	patient, err := tenantry.New("http://127.0.0.1:1", tenantry.WithRetry(tenantry.RetryPolicy{
		MaxAttempts: 1000, MinBackoff: time.Millisecond, MaxBackoff: time.Millisecond,
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer patient.Close()
	if _, err = patient.Databases.Get(short, "data"); err == nil {
		t.Error("nobody answered")
	}
}

func TestExpiredTokenWithoutRefresh(t *testing.T) {
	ctx := server.Context(t)
	running := server.Start(t)
	admin := running.Client(t)
	server.Create(t, admin, "data")
	token, _, err := admin.Tokens.Create(ctx, &tenantry.CreateTokenRequest{
		Databases: []string{"data"},
		Lifetime:  tenantry.TTL(time.Millisecond),
	})
	if err != nil {
		t.Fatal(err)
	}
	// The server's clock has gone on when it has answered something else.
	execute(t, admin.Database("data"), "SELECT 1")
	tenant := running.Client(t, tenantry.WithToken(token)).Database("data")
	if _, err := tenant.Execute(ctx, "SELECT 1"); !errors.Is(err, tenantry.ReasonTokenExpired) {
		t.Errorf("execute: %v", err)
	}
	if _, err := tenant.Query(ctx, "SELECT 1"); !errors.Is(err, tenantry.ReasonTokenExpired) {
		t.Errorf("query: %v", err)
	}
	if _, err := tenant.Begin(ctx, tenantry.Immediate); !errors.Is(err, tenantry.ReasonTokenExpired) {
		t.Errorf("begin: %v", err)
	}
}

func TestServerGoneInTheMiddleOfAStream(t *testing.T) {
	ctx := server.Context(t)
	running := server.Start(t)
	client := running.Client(t)
	server.Create(t, client, "data")
	rows, err := client.Database("data").With(tenantry.Idempotent()).Query(ctx, endless)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	if err := running.Kill(); err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
	}
	var told *tenantry.Error
	if !errors.As(rows.Err(), &told) || told.Code != codes.Unavailable || !told.Retryable() {
		t.Errorf("the stream ended with %v", rows.Err())
	}
	if rows.Complete() {
		t.Error("the stream is complete")
	}
}

func TestServerGoneInTheMiddleOfATransaction(t *testing.T) {
	ctx := server.Context(t)
	running := server.Start(t)
	client := running.Client(t)
	server.Create(t, client, "data")
	db := client.Database("data")
	execute(t, db, "CREATE TABLE t (v)")

	// By hand: every call after it tells the same.
	tx, err := db.Begin(ctx, tenantry.Immediate)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Execute(ctx, "INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if err := running.Kill(); err != nil {
		t.Fatal(err)
	}
	_, failed := tx.Execute(ctx, "INSERT INTO t VALUES (2)")
	if tenantry.Code(failed) != codes.Unavailable {
		t.Errorf("the statement ended with %v", failed)
	}
	if err := tx.Commit(ctx); err != failed {
		t.Errorf("the commit ended with %v", err)
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Errorf("the rollback ended with %v", err)
	}
	if err := running.Start(); err != nil {
		t.Fatal(err)
	}

	// As a function: it is run again.
	attempts := 0
	err = db.Transaction(ctx, tenantry.Immediate, func(tx *tenantry.Tx) error {
		attempts++
		if _, err := tx.Execute(ctx, "INSERT INTO t VALUES (3)"); err != nil {
			return err
		}
		if attempts == 1 {
			if err := errors.Join(running.Kill(), running.Start()); err != nil {
				return err
			}
		}
		_, err := tx.Execute(ctx, "INSERT INTO t VALUES (4)")
		return err
	})
	if err != nil || attempts < 2 {
		t.Errorf("after %d attempts: %v", attempts, err)
	}
	result := execute(t, db, "SELECT group_concat(v) AS all_of_them FROM t")
	if got, _ := result.Rows[0].Get("all_of_them"); got.Text() != "3,4" {
		t.Errorf("the table has %s", got)
	}
}

func TestDuplicateColumns(t *testing.T) {
	client := server.Start(t).Client(t)
	server.Create(t, client, "data")
	row := execute(t, client.Database("data"), "SELECT 1 AS twin, 2 AS twin, 3 AS other").Rows[0]
	if first, ok := row.Get("twin"); !ok || first.Int64() != 1 {
		t.Errorf("by name it is %s", first)
	}
	if row.At(1).Int64() != 2 || row.Len() != 3 {
		t.Errorf("by position it is %s", row.At(1))
	}
	if all := row.Map(); len(all) != 2 || all["twin"] != int64(1) {
		t.Errorf("the map is %v", all)
	}
	if _, ok := row.Get("nobody"); ok {
		t.Error("a column that is not there was found")
	}
}

func TestCloseWithCallsInFlight(t *testing.T) {
	ctx := server.Context(t)
	running := server.Start(t)
	server.Create(t, running.Client(t), "data")
	client := running.Client(t)
	db := client.Database("data")
	rows, err := db.Query(ctx, endless)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	tx, err := db.Begin(ctx, tenantry.Deferred)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(client.Close(), client.Close()); err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
	}
	if tenantry.Code(rows.Err()) != codes.Canceled {
		t.Errorf("the stream ended with %v", rows.Err())
	}
	if _, err := tx.Execute(ctx, "SELECT 1"); tenantry.Code(err) != codes.Canceled {
		t.Errorf("the transaction ended with %v", err)
	}
	_, late := db.Execute(ctx, "SELECT 1")
	_, lateRows := db.Query(ctx, "SELECT 1")
	_, lateTx := db.Begin(ctx, tenantry.Deferred)
	for _, err := range []error{late, lateRows, lateTx} {
		if !errors.Is(err, tenantry.ReasonClientClosed) || tenantry.Code(err) != codes.FailedPrecondition {
			t.Errorf("a call after that ended with %v", err)
		}
	}
}

func TestBatchConditions(t *testing.T) {
	client := server.Start(t).Client(t)
	server.Create(t, client, "data")
	db := client.Database("data")
	execute(t, db, "CREATE TABLE t (v UNIQUE); INSERT INTO t VALUES (1)")
	result, err := db.Batch(server.Context(t), tenantry.Immediate,
		tenantry.SQL("INSERT INTO t VALUES (?)", 1),
		tenantry.Step{SQL: "UPDATE t SET v = v + 1", If: tenantry.Failed(0)},
		tenantry.Step{SQL: "DELETE FROM t", If: tenantry.Or(
			tenantry.And(tenantry.Succeeded(0), tenantry.Succeeded(1)),
			tenantry.Not(tenantry.Succeeded(1)),
		)},
	)
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(result.Results[0].Err, tenantry.ReasonConstraint) || result.Results[1].RowsAffected != 1 || !result.Results[2].Skipped {
		t.Errorf("the steps ended as %+v", result.Results)
	}
}

func TestDescribe(t *testing.T) {
	client := server.Start(t).Client(t)
	server.Create(t, client, "data")
	db := client.Database("data")
	execute(t, db, "CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(9))")
	told, err := db.Describe(server.Context(t), "SELECT v, 1 + ? AS n FROM t WHERE id = :id")
	if err != nil {
		t.Fatal(err)
	}
	if len(told.Parameters) != 2 || told.Parameters[1] != "id" || told.Columns[0].DeclaredType != "VARCHAR(9)" || !told.ReadOnly || told.Explain {
		t.Errorf("it is %+v", told)
	}
}

func TestAdministration(t *testing.T) {
	ctx := server.Context(t)
	client := server.Start(t).Client(t)
	if _, err := client.Databases.CreateGroup(ctx, "b2b"); err != nil {
		t.Fatal(err)
	}
	if group, err := client.Databases.GetGroup(ctx, "b2b"); err != nil || group.GetName() != "b2b" {
		t.Error(group, err)
	}
	created, err := client.Databases.BatchCreate(ctx, []*tenantry.Database{
		{Group: "b2b", Name: "base", Kind: tenantry.KindSchema},
		{Group: "b2b", Name: "leaf"},
	})
	if err != nil || len(created) != 2 {
		t.Fatal(created, err)
	}
	var names []string
	for group, err := range client.Databases.ListGroups(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, group.GetName())
	}
	for database, err := range client.Databases.List(ctx, nil) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, database.GetName())
	}
	if got := strings.Join(names, " "); got != "b2b default base leaf" {
		t.Errorf("the names are %s", got)
	}
	_, err = client.Databases.Update(ctx, "b2b/leaf", tenantry.SetSizeLimitBytes(1<<20), tenantry.IfEtag("old"))
	if !errors.Is(err, tenantry.ReasonEtagMismatch) {
		t.Errorf("an update with an old etag: %v", err)
	}

	_, info, err := client.Tokens.Create(ctx, &tenantry.CreateTokenRequest{Groups: []string{"b2b"}, Lifetime: tenantry.NeverExpires()})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := client.Tokens.Get(ctx, info.GetId()); err != nil || got.GetExpireTime() != nil {
		t.Error(got, err)
	}
	count := 0
	for _, err := range client.Tokens.List(ctx, &tenantry.ListTokensRequest{Group: "b2b"}) {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	if count != 1 {
		t.Errorf("there are %d tokens", count)
	}
	if since, err := client.Tokens.InvalidateGroup(ctx, "b2b"); err != nil || since.IsZero() {
		t.Error(since, err)
	}
	fresh, err := client.Tokens.RotateSigningKey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for key, err := range client.Tokens.ListSigningKeys(ctx) {
		if err != nil || key.GetId() != fresh.GetId() {
			t.Error(key, err)
		}
		break
	}

	migration, err := client.Schema.Migrate(ctx, "b2b/base", "CREATE TABLE t (v)", tenantry.WaitForApply())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := client.Schema.Get(ctx, "b2b/base", migration.GetId()); err != nil || got.GetState() != tenantry.Applied {
		t.Error(got, err)
	}
	if _, err := client.Schema.Cancel(ctx, "b2b/base", migration.GetId()); !errors.Is(err, tenantry.ReasonMigrationDecided) {
		t.Errorf("a cancellation too late: %v", err)
	}
	if recovered, quarantined, err := client.Schema.RetryChildren(ctx, "b2b/base"); err != nil || recovered+quarantined != 0 {
		t.Error(recovered, quarantined, err)
	}
}

func TestRawStubs(t *testing.T) {
	ctx := server.Context(t)
	client := server.Start(t).Client(t)
	server.Create(t, client, "data")
	stub := tenantryv1.NewQueryServiceClient(client.Conn())
	response, err := stub.Describe(ctx, &tenantryv1.DescribeRequest{Database: "data", Sql: "SELECT 1"}, grpc.WaitForReady(true))
	if err != nil || !response.GetReadOnly() {
		t.Error(response, err)
	}
}

func TestTLS(t *testing.T) {
	fixtures, err := filepath.Abs("../../../../tests/fixtures/tls")
	if err != nil {
		t.Fatal(err)
	}
	ctx := server.Context(t)
	running := server.Start(t,
		"--tls-cert", filepath.Join(fixtures, "server.pem"), "--tls-key", filepath.Join(fixtures, "server-key.pem"))
	ca, err := os.ReadFile(filepath.Join(fixtures, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := tenantry.New("https://"+running.Address, tenantry.WithToken(running.Token()), tenantry.WithCA(ca))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server.Create(t, client, "data")
	execute(t, client.Database("data"), "SELECT 1")

	// Without the CA the server is not trusted, and the token is not sent.
	stranger, err := tenantry.New("https://"+running.Address, tenantry.WithToken(running.Token()))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	_, err = stranger.Database("data").Execute(ctx, "SELECT 1")
	if tenantry.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without the CA: %v", err)
	}
}
