// Command bench measures what the client costs over the bare generated stub, against
// the server that TENANTRY_ENDPOINT and TENANTRY_TOKEN name.
//
// Both sides take turns in the same run, over one connection each; a figure is the
// median of the rounds' ratios.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	tenantry "github.com/tenantry/tenantry/sdk/go"
	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

const (
	// Short rounds, and many: what else the machine does hits both sides alike.
	unaryRounds   = 25
	streamRounds  = 5
	workers       = 8
	callsOfWorker = 200
	streamRows    = 1_000_000

	unarySQL  = "SELECT ?1 + 1 AS n"
	streamSQL = `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?1)
SELECT n, n / 2.0 AS half, 'row ' || n AS name FROM c`
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	ctx := context.Background()
	endpoint, token := os.Getenv("TENANTRY_ENDPOINT"), os.Getenv("TENANTRY_TOKEN")
	client, err := tenantry.New(endpoint, tenantry.WithToken(token), tenantry.WithChannels(1))
	if err != nil {
		return err
	}
	defer client.Close()
	database, err := client.Databases.Create(ctx, &tenantry.Database{
		Name: fmt.Sprintf("bench-go-%d", time.Now().UnixNano()),
	})
	if err != nil {
		return err
	}
	name := database.GetName()
	defer client.Databases.Delete(ctx, name)
	_, address, _ := strings.Cut(endpoint, "://")
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	stub := tenantryv1.NewQueryServiceClient(conn)
	bare := metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	db := client.Database(name)

	err = compare("unary", "calls/s", 0.85, unaryRounds, workers*callsOfWorker,
		func() error { return calls(func(n int64) (int64, error) { return clientCall(ctx, db, n) }) },
		func() error { return calls(func(n int64) (int64, error) { return stubCall(bare, stub, name, n) }) },
	)
	if err != nil {
		return err
	}
	return compare("stream", "rows/s", 1, streamRounds, streamRows,
		func() error { return clientStream(ctx, db) },
		func() error { return stubStream(bare, stub, name) },
	)
}

// compare measures both sides in turns, and tells the ratio of the client's speed to
// the stub's.
func compare(what, unit string, bound float64, rounds, count int, client, stub func() error) error {
	// The first calls connect, and fill caches.
	if err := errors.Join(client(), stub()); err != nil {
		return err
	}
	var ratios, ours, bare []float64
	for round := range rounds {
		sides := []func() error{client, stub}
		speeds := make([]float64, 2)
		// Whoever comes second finds warmer caches: take turns in that too.
		for offset := range sides {
			side := (round + offset) % 2
			begun := time.Now()
			if err := sides[side](); err != nil {
				return err
			}
			speeds[side] = float64(count) / time.Since(begun).Seconds()
		}
		ours, bare = append(ours, speeds[0]), append(bare, speeds[1])
		ratios = append(ratios, speeds[0]/speeds[1])
	}
	verdict := "kept"
	if median(ratios) < bound {
		verdict = "NOT KEPT"
	}
	fmt.Printf("go %s: %.2f (rounds %.2f to %.2f; at least %g: %s) client %.0f %s, stub %.0f\n", what,
		median(ratios), slices.Min(ratios), slices.Max(ratios), bound, verdict, median(ours), unit, median(bare))
	if verdict != "kept" {
		return fmt.Errorf("go %s: the bound is not kept", what)
	}
	return nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// calls makes calls from several goroutines at the same time.
func calls(call func(n int64) (int64, error)) error {
	failed := make(chan error, workers)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for n := range int64(callsOfWorker) {
				got, err := call(n)
				if err == nil && got != n+1 {
					err = fmt.Errorf("%d + 1 is %d", n, got)
				}
				if err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failed)
	return <-failed
}

func clientCall(ctx context.Context, db *tenantry.DB, n int64) (int64, error) {
	result, err := db.Execute(ctx, unarySQL, n)
	if err != nil {
		return 0, err
	}
	return result.Rows[0].At(0).Int64(), nil
}

func stubCall(ctx context.Context, stub tenantryv1.QueryServiceClient, name string, n int64) (int64, error) {
	response, err := stub.Execute(ctx, &tenantryv1.ExecuteRequest{Database: name, Statement: statement(unarySQL, n)})
	if err != nil {
		return 0, err
	}
	return response.GetResults()[0].GetRows()[0].GetValues()[0].GetInteger(), nil
}

func statement(query string, n int64) *tenantryv1.Statement {
	return &tenantryv1.Statement{Sql: query, Args: []*tenantryv1.Value{
		{Kind: &tenantryv1.Value_Integer{Integer: n}},
	}}
}

// tally is what both sides make of the rows, so that each value is looked at.
type tally struct {
	rows  int
	sum   int64
	halfs float64
	bytes int
}

func (t *tally) add(n int64, half float64, name string) {
	t.rows++
	t.sum += n
	t.halfs += half
	t.bytes += len(name)
}

func (t *tally) check() error {
	if t.rows != streamRows || t.sum != streamRows*(streamRows+1)/2 || t.bytes < 5*streamRows {
		return fmt.Errorf("the stream had %+v", *t)
	}
	return nil
}

func clientStream(ctx context.Context, db *tenantry.DB) error {
	rows, err := db.Query(ctx, streamSQL, streamRows)
	if err != nil {
		return err
	}
	var all tally
	for row, err := range rows.All() {
		if err != nil {
			return err
		}
		var n int64
		var half float64
		var name string
		if err := row.Scan(&n, &half, &name); err != nil {
			return err
		}
		all.add(n, half, name)
	}
	return all.check()
}

func stubStream(ctx context.Context, stub tenantryv1.QueryServiceClient, name string) error {
	stream, err := stub.Query(ctx, &tenantryv1.QueryRequest{
		Database:  name,
		Statement: statement(streamSQL, streamRows),
		Encoding:  tenantryv1.Encoding_ENCODING_ROWS,
	})
	if err != nil {
		return err
	}
	var all tally
	for {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		for _, row := range response.GetRows().GetRows() {
			values := row.GetValues()
			all.add(values[0].GetInteger(), values[1].GetReal(), values[2].GetText())
		}
		if response.GetSummary() != nil {
			return all.check()
		}
	}
}
