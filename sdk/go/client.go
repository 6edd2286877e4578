package tenantry

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

// Version is the version of this package.
const Version = "0.1.0"

// Client talks to one server. It is safe for concurrent use, and meant to be
// shared: make one and keep it.
type Client struct {
	// Databases creates, configures and deletes groups and databases.
	Databases *Databases
	// Tokens mints and withdraws tokens.
	Tokens *Tokens
	// Schema migrates SCHEMA databases and all their children.
	Schema *Schema

	transport *transport
	queries   tenantryv1.QueryServiceClient
	timeout   time.Duration
	retry     RetryPolicy
	logger    *slog.Logger
}

// New makes a client for the server at endpoint: http://HOST:PORT speaks plaintext,
// https://HOST:PORT TLS, and HOST:PORT plaintext on loopback and TLS otherwise. It
// does not connect; the first call does.
func New(endpoint string, opts ...Option) (*Client, error) {
	o := defaults()
	for _, opt := range opts {
		opt(&o)
	}
	transport, err := dial(endpoint, &o)
	if err != nil {
		return nil, invalidArgument("%w", err)
	}
	client := &Client{
		transport: transport,
		queries:   tenantryv1.NewQueryServiceClient(transport),
		timeout:   o.timeout,
		retry:     o.retry,
		logger:    o.logger,
	}
	client.Databases = &Databases{client, tenantryv1.NewDatabasesServiceClient(transport)}
	client.Tokens = &Tokens{client, tenantryv1.NewTokensServiceClient(transport)}
	client.Schema = &Schema{client, tenantryv1.NewSchemaServiceClient(transport)}
	return client, nil
}

// Close ends the client. Calls that are under way end with the code Canceled, later
// ones with [ReasonClientClosed].
func (c *Client) Close() error { return c.transport.close() }

// Conn is what the generated stubs want, for calls that this package does not wrap:
//
//	tenantryv1.NewQueryServiceClient(client.Conn())
//
// They carry the client's token and take its channels in turn, but are not sent
// again, and fail with gRPC's own errors.
func (c *Client) Conn() grpc.ClientConnInterface { return c.transport }

// unary makes a call that is no stream, within the client's timeout where ctx has
// no deadline.
func unary[Request, Response any](
	ctx context.Context,
	c *Client,
	safe bool,
	method func(context.Context, Request, ...grpc.CallOption) (Response, error),
	request Request,
) (Response, error) {
	if _, bounded := ctx.Deadline(); !bounded && c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	var response Response
	err := c.attempt(ctx, safe, func() (err error) {
		response, err = method(ctx, request)
		return err
	})
	return response, err
}

// newRequestID returns a UUID of version 4.
func newRequestID() string {
	var id [16]byte
	rand.Read(id[:])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
