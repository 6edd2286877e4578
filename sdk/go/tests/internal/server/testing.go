package server

import (
	"context"
	"strings"
	"testing"
	"time"

	tenantry "github.com/tenantry/tenantry/sdk/go"
)

// Timeout bounds every test.
const Timeout = time.Minute

// Start starts a server that ends with the test.
func Start(t testing.TB, flags ...string) *Server {
	t.Helper()
	server, err := New(flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

// Client makes a client of the first admin that ends with the test.
func (s *Server) Client(t testing.TB, opts ...tenantry.Option) *tenantry.Client {
	t.Helper()
	opts = append([]tenantry.Option{tenantry.WithToken(s.Token())}, opts...)
	client, err := tenantry.New(s.Endpoint(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// Context returns a context that ends with the test, or after a minute.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), Timeout)
	t.Cleanup(cancel)
	return ctx
}

// Create creates databases in the group `default`: NAME, SCHEMA> for a SCHEMA
// database, or SCHEMA>NAME for a child of it.
func Create(t testing.TB, client *tenantry.Client, names ...string) {
	t.Helper()
	for _, name := range names {
		database := &tenantry.Database{Name: name}
		if schema, child, found := strings.Cut(name, ">"); found && child == "" {
			database = &tenantry.Database{Name: schema, Kind: tenantry.KindSchema}
		} else if found {
			database = &tenantry.Database{Name: child, Schema: schema}
		}
		if _, err := client.Databases.Create(Context(t), database); err != nil {
			t.Fatal(err)
		}
	}
}
