package tenantry

import (
	"context"
	"errors"
	"maps"

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
// ABORTED and Retryable, and when the connection failed before the commit was sent;
// of the errors that do returns, only one of this very transaction counts. So do must
// have no effects of its own that cannot be repeated. When the answer to the commit is
// lost, the error says so with OutcomeUnknown, and nothing is retried.
func (db *DB) Transaction(ctx context.Context, mode Mode, do func(tx *Tx) error) error {
	// Nothing was done before the commit: up to there it may be done again.
	retry, err := db.client.newRetry(ctx, true)
	if err != nil {
		return err
	}
	for {
		tx, err := db.begin(ctx, mode)
		if err != nil {
			if !retry.again(ctx, err) {
				return retry.err
			}
			continue
		}
		err = tx.run(ctx, do)
		if err == nil || !tx.mayRunAgain(err) || !retry.again(ctx, err) {
			return err
		}
	}
}

// run runs one attempt to its end.
func (tx *Tx) run(ctx context.Context, do func(tx *Tx) error) error {
	// Also where do panics: what is not committed shall not go on waiting.
	defer tx.cancel()
	if err := do(tx); err != nil {
		_ = tx.Rollback(ctx)
		return err
	}
	return tx.Commit(ctx)
}

// mayRunAgain tells whether the attempt that ended with this error had no effect, and
// another one may succeed. An error of any other call tells nothing of that.
func (tx *Tx) mayRunAgain(cause error) bool {
	var err *Error
	if !errors.As(cause, &err) || err.of != tx || err.OutcomeUnknown() {
		return false
	}
	if tx.committing && tx.over != err {
		// What became of the commit, an earlier error cannot tell.
		return false
	}
	return err.Code == codes.Unavailable || err.Code == codes.Aborted && err.RetryAfter != nil
}

// Begin starts a transaction, which lives as long as ctx does. Commit or Rollback
// must end it. [DB.Transaction] does both, and runs again what must be.
func (db *DB) Begin(ctx context.Context, mode Mode) (*Tx, error) {
	var tx *Tx
	err := db.client.attempt(ctx, false, func() (err error) {
		tx, err = db.begin(ctx, mode)
		return err
	})
	return tx, err
}

// begin asks once for a transaction.
func (db *DB) begin(ctx context.Context, mode Mode) (*Tx, error) {
	tx := &Tx{client: db.client}
	ctx, tx.cancel = context.WithCancel(ctx)
	stream, err := db.client.queries.Transact(ctx)
	if err != nil {
		return nil, tx.fail(asError(err))
	}
	tx.stream = stream
	response, err := tx.call(ctx, &tenantryv1.TransactRequest{Request: &tenantryv1.TransactRequest_Begin{
		Begin: &tenantryv1.TransactBegin{
			Database:      db.name,
			Mode:          tenantryv1.TransactionMode(mode),
			Attachments:   db.settings.attachments,
			MinGeneration: db.settings.minGeneration,
		},
	}})
	if err != nil {
		return nil, err
	}
	if response.GetBegan() == nil {
		return nil, tx.fail(unexpectedAnswer())
	}
	tx.generation = response.GetBegan().GetGeneration()
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
		return nil, tx.own(fromProto(failed))
	}
	if response.GetResult() == nil {
		return nil, tx.fail(unexpectedAnswer())
	}
	return resultOf(response.GetResult().GetResults(), tx.generation), nil
}

// Commit makes the transaction durable.
func (tx *Tx) Commit(ctx context.Context) error {
	if tx.over == nil {
		tx.committing = true
	}
	return tx.end(ctx, &tenantryv1.TransactRequest{
		Request: &tenantryv1.TransactRequest_Commit{Commit: &tenantryv1.TransactCommit{}},
	}, func(response *tenantryv1.TransactResponse) bool { return response.GetCommitted() != nil })
}

// Rollback undoes the transaction. On one that is over it does nothing.
func (tx *Tx) Rollback(ctx context.Context) error {
	if tx.over != nil {
		return nil
	}
	return tx.end(ctx, &tenantryv1.TransactRequest{
		Request: &tenantryv1.TransactRequest_Rollback{Rollback: &tenantryv1.TransactRollback{}},
	}, func(response *tenantryv1.TransactResponse) bool { return response.GetRolledBack() != nil })
}

// end sends the last request. Only the answer that was expected tells that it was done.
func (tx *Tx) end(ctx context.Context, request *tenantryv1.TransactRequest, isDone func(*tenantryv1.TransactResponse) bool) error {
	response, err := tx.call(ctx, request)
	if err != nil {
		return err
	}
	if !isDone(response) {
		return tx.fail(unexpectedAnswer())
	}
	// As after the last row: leave when the call has ended.
	_, _ = tx.stream.Recv()
	tx.cancel()
	tx.over = &Error{
		Code:    codes.FailedPrecondition,
		Reason:  ReasonTransactionState,
		Message: "the transaction has ended; begin another one",
	}
	return nil
}

// call sends one request and waits for its answer. When that does not come, the
// transaction is over.
func (tx *Tx) call(ctx context.Context, request *tenantryv1.TransactRequest) (*tenantryv1.TransactResponse, error) {
	if tx.over != nil {
		return nil, tx.over
	}
	stop := context.AfterFunc(ctx, tx.cancel)
	defer stop()
	// Send fails only where the call has ended; why, Recv tells.
	_ = tx.stream.Send(request)
	response, err := tx.stream.Recv()
	if err == nil {
		return response, nil
	}
	failed := tx.client.transport.translate(err)
	if ctx.Err() != nil && failed.Reason == "" {
		failed = asError(ctx.Err())
	}
	return nil, tx.fail(failed)
}

// fail ends the transaction with an error.
func (tx *Tx) fail(err *Error) error {
	tx.over = tx.own(err)
	tx.cancel()
	return tx.over
}

// own is the error as one of this transaction. Before the commit was sent nothing can
// have been done, whatever a server says that stops; afterwards anything may.
func (tx *Tx) own(err *Error) *Error {
	result := *err
	result.of = tx
	if tx.committing {
		return result.withUnknownOutcome()
	}
	result.Metadata = maps.Clone(err.Metadata)
	delete(result.Metadata, outcome)
	return &result
}

func unexpectedAnswer() *Error {
	return &Error{Code: codes.Internal, Message: "the server gave an answer to another request"}
}
