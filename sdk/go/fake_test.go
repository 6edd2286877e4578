package tenantry

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

// fake is a server that fails as it is told to.
type fake struct {
	tenantryv1.UnimplementedQueryServiceServer
	tenantryv1.UnimplementedDatabasesServiceServer
	execute  func(ctx context.Context, call int32) error
	transact func(stream transactStream, call int32) error
	query    func(stream grpc.ServerStreamingServer[tenantryv1.QueryResponse]) error
	calls    atomic.Int32
	ids      []string
}

func (f *fake) Execute(ctx context.Context, _ *tenantryv1.ExecuteRequest) (*tenantryv1.ExecuteResponse, error) {
	return &tenantryv1.ExecuteResponse{}, f.execute(ctx, f.calls.Add(1))
}

func (f *fake) Transact(stream transactStream) error {
	return f.transact(stream, f.calls.Add(1))
}

func (f *fake) Query(_ *tenantryv1.QueryRequest, stream grpc.ServerStreamingServer[tenantryv1.QueryResponse]) error {
	return f.query(stream)
}

func (f *fake) CreateDatabase(_ context.Context, request *tenantryv1.CreateDatabaseRequest) (*tenantryv1.CreateDatabaseResponse, error) {
	return &tenantryv1.CreateDatabaseResponse{Database: request.GetDatabase()}, f.create(request)
}

func (f *fake) BranchDatabase(_ context.Context, request *tenantryv1.BranchDatabaseRequest) (*tenantryv1.BranchDatabaseResponse, error) {
	return &tenantryv1.BranchDatabaseResponse{Database: request.GetDatabase()}, f.create(request)
}

// create keeps the id of the request, and is gone once.
func (f *fake) create(request interface{ GetRequestId() string }) error {
	f.ids = append(f.ids, request.GetRequestId())
	if f.calls.Add(1) == 1 {
		return status.Error(codes.Unavailable, "gone")
	}
	return nil
}

// serve starts the fake, and returns a client of it.
func serve(t *testing.T, f *fake, opts ...Option) *Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	tenantryv1.RegisterQueryServiceServer(server, f)
	tenantryv1.RegisterDatabasesServiceServer(server, f)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	policy := WithRetry(RetryPolicy{MaxAttempts: 3, MinBackoff: time.Millisecond, MaxBackoff: 2 * time.Millisecond})
	client, err := New(listener.Addr().String(), append([]Option{policy}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// refusal is an error as the server makes it.
func refusal(code codes.Code, reason Reason, retryAfter *time.Duration) error {
	told, err := status.New(code, "no").WithDetails(&errdetails.ErrorInfo{Domain: domain, Reason: string(reason)})
	if err == nil && retryAfter != nil {
		told, err = told.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(*retryAfter)})
	}
	if err != nil {
		return err
	}
	return told.Err()
}

func TestRetries(t *testing.T) {
	soon := time.Millisecond
	for _, test := range []struct {
		name  string
		err   error
		set   []Setting
		calls int32
	}{
		{"what had no effect", refusal(codes.ResourceExhausted, ReasonOverloaded, &soon), nil, 3},
		{"a migration in progress", refusal(codes.FailedPrecondition, ReasonMigrationInProgress, &soon), nil, 1},
		{"a lost connection", status.Error(codes.Unavailable, "gone"), nil, 1},
		{"a lost connection of what may be done twice", status.Error(codes.Unavailable, "gone"), []Setting{Idempotent()}, 3},
		{"a constraint", refusal(codes.FailedPrecondition, ReasonConstraint, nil), []Setting{Idempotent()}, 1},
	} {
		f := &fake{execute: func(context.Context, int32) error { return test.err }}
		_, err := serve(t, f).Database("data", test.set...).Execute(t.Context(), "SELECT 1")
		if f.calls.Load() != test.calls || err == nil {
			t.Errorf("%s: %d calls, %v", test.name, f.calls.Load(), err)
		}
	}
}

func TestRetriesStayWithinTheDeadline(t *testing.T) {
	hour := time.Hour
	f := &fake{execute: func(context.Context, int32) error {
		return refusal(codes.ResourceExhausted, ReasonOverloaded, &hour)
	}}
	client := serve(t, f, WithTimeout(time.Minute))
	begun := time.Now()
	_, err := client.Database("data").Execute(t.Context(), "SELECT 1")
	if !errors.Is(err, ReasonOverloaded) || f.calls.Load() != 1 || time.Since(begun) > 30*time.Second {
		t.Errorf("after %d calls and %s: %v", f.calls.Load(), time.Since(begun), err)
	}
}

func TestRequestIDStaysTheSame(t *testing.T) {
	for name, create := range map[string]func(*Databases) (*Database, error){
		"Create": func(d *Databases) (*Database, error) { return d.Create(t.Context(), &Database{Name: "data"}) },
		"Branch": func(d *Databases) (*Database, error) { return d.Branch(t.Context(), "data", &Database{Name: "copy"}) },
	} {
		f := &fake{}
		if _, err := create(serve(t, f).Databases); err != nil {
			t.Fatal(name, err)
		}
		if len(f.ids) != 2 || f.ids[0] != f.ids[1] || len(f.ids[0]) != 36 {
			t.Errorf("%s: the ids were %q", name, f.ids)
		}
	}
}

func TestOneTokenForCallsThatFailTogether(t *testing.T) {
	const together = 8
	var arrived sync.WaitGroup
	arrived.Add(together)
	f := &fake{execute: func(ctx context.Context, _ int32) error {
		told, _ := metadata.FromIncomingContext(ctx)
		if told.Get("authorization")[0] == "Bearer old" {
			arrived.Done()
			arrived.Wait()
			return refusal(codes.Unauthenticated, ReasonTokenExpired, nil)
		}
		return nil
	}}
	var asked atomic.Int32
	client := serve(t, f, WithTokenSource(func(context.Context) (string, error) {
		if asked.Add(1) == 1 {
			return "old", nil
		}
		return "new", nil
	}))
	failed := make(chan error, together)
	for range together {
		go func() {
			_, err := client.Database("data").Execute(context.Background(), "SELECT 1")
			failed <- err
		}()
	}
	for range together {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if asked.Load() != 2 {
		t.Errorf("the source was asked %d times", asked.Load())
	}
}

func TestTokenSourceFails(t *testing.T) {
	cause := errors.New("the login is away")
	client := serve(t, &fake{}, WithTokenSource(func(context.Context) (string, error) { return "", cause }))
	_, err := client.Database("data").Execute(t.Context(), "SELECT 1")
	if !errors.Is(err, cause) || Code(err) != codes.Unauthenticated {
		t.Errorf("it ended with %v", err)
	}
}

func TestStreamWithoutSummary(t *testing.T) {
	f := &fake{query: func(stream grpc.ServerStreamingServer[tenantryv1.QueryResponse]) error {
		return stream.Send(&tenantryv1.QueryResponse{
			Part: &tenantryv1.QueryResponse_Header{Header: &tenantryv1.QueryHeader{}},
		})
	}}
	rows, err := serve(t, f).Database("data").Query(t.Context(), "SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	for range rows.All() {
	}
	if Code(rows.Err()) != codes.Unavailable {
		t.Errorf("it ended with %v", rows.Err())
	}
}

func TestStreamsThatAreNone(t *testing.T) {
	rows := func(cells ...*tenantryv1.Value) *tenantryv1.QueryResponse {
		return &tenantryv1.QueryResponse{Part: &tenantryv1.QueryResponse_Rows{
			Rows: &tenantryv1.RowChunk{Rows: []*tenantryv1.Row{{Values: cells}}},
		}}
	}
	header := &tenantryv1.QueryResponse{Part: &tenantryv1.QueryResponse_Header{
		Header: &tenantryv1.QueryHeader{Columns: []*tenantryv1.Column{{Name: "a"}}},
	}}
	for name, parts := range map[string][]*tenantryv1.QueryResponse{
		"no header":      {rows()},
		"nothing at all": {{}},
		"a short row":    {header, rows()},
		"a long row":     {header, rows(integer(1), integer(2))},
	} {
		f := &fake{query: func(stream grpc.ServerStreamingServer[tenantryv1.QueryResponse]) error {
			for _, part := range parts {
				if err := stream.Send(part); err != nil {
					return err
				}
			}
			return nil
		}}
		rows, err := serve(t, f).Database("data").Query(t.Context(), "SELECT 1")
		if err == nil {
			for range rows.All() {
			}
			err = rows.Err()
		}
		if Code(err) != codes.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCloseBetweenAttempts(t *testing.T) {
	soon := time.Millisecond
	var client *Client
	f := &fake{execute: func(context.Context, int32) error {
		client.transport.closed.Store(true)
		return refusal(codes.ResourceExhausted, ReasonOverloaded, &soon)
	}}
	client = serve(t, f)
	_, err := client.Database("data").Execute(t.Context(), "SELECT 1")
	if Code(err) != codes.Canceled || f.calls.Load() != 1 {
		t.Errorf("after %d calls: %v", f.calls.Load(), err)
	}
}
