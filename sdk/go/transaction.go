package tenantry

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

// Tx is an open transaction. It is for one goroutine at a time. The server ends one
// that is idle for more than 10 seconds or open for more than 60, by default.
type Tx struct {
	client     *Client
	stream     grpc.BidiStreamingClient[tenantryv1.TransactRequest, tenantryv1.TransactResponse]
	cancel     context.CancelFunc
	generation uint64
	// over is what every further call answers; nil while it is open.
	over error
	// committing says that the commit was sent, and may have happened.
	committing bool
}

// Transaction runs do in a transaction, which it commits when do returns nil, and
// rolls back otherwise; the error of do comes out unchanged.
//
// The whole of do is run again when the server asks for that, with an error that is
// ABORTED and Retryable, and when the connection failed before the commit was sent.
// So do must have no effects of its own that cannot be repeated. When the answer to
// the commit is lost, the error says so with OutcomeUnknown, and nothing is retried.
func (db *DB) Transaction(ctx context.Context, mode Mode, do func(tx *Tx) error) error {
	attempts := 0
	for {
		err := db.transactOnce(ctx, mode, do)
		attempts++
		if err == nil || attempts >= db.client.retry.MaxAttempts || !db.client.runAgain(ctx, err, attempts) {
			return err
		}
	}
}

// transactOnce runs one attempt.
func (db *DB) transactOnce(ctx context.Context, mode Mode, do func(tx *Tx) error) error {
	tx, err := db.Begin(ctx, mode)
	if err != nil {
		return err
	}
	// Also where do panics: what is not committed shall not go on waiting.
	defer tx.cancel()
	if err := do(tx); err != nil {
		_ = tx.Rollback(ctx)
		return err
	}
	return tx.Commit(ctx)
}

// runAgain waits, and tells whether to run a transaction that failed once more.
func (c *Client) runAgain(ctx context.Context, cause error, attempts int) bool {
	var err *Error
	if !errors.As(cause, &err) || err.OutcomeUnknown() {
		return false
	}
	aborted := err.Code == codes.Aborted && err.RetryAfter != nil
	if !aborted && err.Code != codes.Unavailable {
		return false
	}
	return c.waitForRetry(ctx, err, attempts)
}

// Begin starts a transaction, which lives as long as ctx does. Commit or Rollback
// must end it. [DB.Transaction] does both, and runs again what must be.
func (db *DB) Begin(ctx context.Context, mode Mode) (*Tx, error) {
	tx := &Tx{client: db.client}
	ctx, tx.cancel = context.WithCancel(ctx)
	begin := &tenantryv1.TransactRequest{Request: &tenantryv1.TransactRequest_Begin{
		Begin: &tenantryv1.TransactBegin{
			Database:      db.name,
			Mode:          tenantryv1.TransactionMode(mode),
			Attachments:   db.settings.attachments,
			MinGeneration: db.settings.minGeneration,
		},
	}}
	// Nothing was done before the first answer, so it may be asked for again.
	err := db.client.attempt(ctx, false, func() error {
		stream, err := db.client.queries.Transact(ctx)
		if err != nil {
			return err
		}
		tx.stream = stream
		response, err := tx.exchange(begin)
		if err != nil {
			return err
		}
		tx.generation = response.GetBegan().GetGeneration()
		return nil
	})
	if err != nil {
		tx.cancel()
		return nil, err
	}
	return tx, nil
}

// Generation returns the one that the transaction runs on; 0 of a REGULAR database.
func (tx *Tx) Generation() uint64 { return tx.generation }

// Execute runs SQL in the transaction. A statement that fails is undone alone, and
// leaves the transaction open. When ctx ends before the answer, the transaction is
// over.
func (tx *Tx) Execute(ctx context.Context, query string, args ...any) (*Result, error) {
	message, err := statement(query, args)
	if err != nil {
		return nil, err
	}
	response, err := tx.call(ctx, &tenantryv1.TransactRequest{
		Request: &tenantryv1.TransactRequest_Execute{
			Execute: &tenantryv1.TransactExecute{Statement: message},
		},
	})
	if err != nil {
		return nil, err
	}
	if failed := response.GetError(); failed != nil {
		return nil, fromProto(failed)
	}
	return resultOf(response.GetResult().GetResults(), tx.generation), nil
}

// Commit makes the transaction durable.
func (tx *Tx) Commit(ctx context.Context) error {
	return tx.end(ctx, &tenantryv1.TransactRequest{
		Request: &tenantryv1.TransactRequest_Commit{Commit: &tenantryv1.TransactCommit{}},
	})
}

// Rollback undoes the transaction. On one that is over it does nothing.
func (tx *Tx) Rollback(ctx context.Context) error {
	if tx.over != nil {
		return nil
	}
	return tx.end(ctx, &tenantryv1.TransactRequest{
		Request: &tenantryv1.TransactRequest_Rollback{Rollback: &tenantryv1.TransactRollback{}},
	})
}

func (tx *Tx) end(ctx context.Context, request *tenantryv1.TransactRequest) error {
	if tx.over == nil {
		tx.committing = request.GetCommit() != nil
	}
	_, err := tx.call(ctx, request)
	if err == nil {
		// As after the last row: leave when the call has ended.
		_, _ = tx.stream.Recv()
		tx.over = &Error{
			Code:    codes.FailedPrecondition,
			Reason:  ReasonTransactionState,
			Message: "the transaction has ended; begin another one",
		}
	}
	tx.cancel()
	return err
}

// call sends one request and waits for its answer. When that does not come, the
// transaction is over.
func (tx *Tx) call(ctx context.Context, request *tenantryv1.TransactRequest) (*tenantryv1.TransactResponse, error) {
	if tx.over != nil {
		return nil, tx.over
	}
	stop := context.AfterFunc(ctx, tx.cancel)
	defer stop()
	response, err := tx.exchange(request)
	if err == nil {
		return response, nil
	}
	failed := tx.client.transport.translate(err)
	if ctx.Err() != nil && failed.Reason == "" {
		failed = asError(ctx.Err())
	}
	if tx.committing {
		failed = failed.withUnknownOutcome()
	}
	tx.over = failed
	tx.cancel()
	return nil, failed
}

func (tx *Tx) exchange(request *tenantryv1.TransactRequest) (*tenantryv1.TransactResponse, error) {
	// Send fails only where the call has ended; why, Recv tells.
	_ = tx.stream.Send(request)
	return tx.stream.Recv()
}
