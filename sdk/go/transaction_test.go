package tenantry

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

type transactStream = grpc.BidiStreamingServer[tenantryv1.TransactRequest, tenantryv1.TransactResponse]

// begin answers the first request of a transaction.
func begin(stream transactStream) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	return stream.Send(&tenantryv1.TransactResponse{
		Response: &tenantryv1.TransactResponse_Began{Began: &tenantryv1.TransactBegan{}},
	})
}

// stopped is how a server answers a transaction when it is stopped.
func stopped() error {
	told, err := status.New(codes.Unavailable, "the server is stopping").WithDetails(&errdetails.ErrorInfo{
		Domain: domain, Reason: string(ReasonUnavailable), Metadata: map[string]string{"outcome": "unknown"},
	})
	if err != nil {
		return err
	}
	return told.Err()
}

func TestLostCommitIsNotRepeated(t *testing.T) {
	for name, end := range map[string]error{
		"a lost connection": status.Error(codes.Unavailable, "gone"),
		"a stopped server":  stopped(),
	} {
		f := &fake{transact: func(stream transactStream, _ int32) error {
			if err := begin(stream); err != nil {
				return err
			}
			if _, err := stream.Recv(); err != nil {
				return err
			}
			return end
		}}
		err := serve(t, f).Database("data").Transaction(t.Context(), Immediate, func(*Tx) error { return nil })
		var told *Error
		if !errors.As(err, &told) || !told.OutcomeUnknown() || told.Code != codes.Unavailable || f.calls.Load() != 1 {
			t.Errorf("%s: after %d calls: %v", name, f.calls.Load(), err)
		}
	}
}

func TestTransactionGivesUp(t *testing.T) {
	soon := time.Millisecond
	for name, end := range map[string]error{
		"what the server asks for":      refusal(codes.Aborted, ReasonTransactionTimeout, &soon),
		"a server that is stopped":      stopped(),
		"a connection that is lost":     status.Error(codes.Unavailable, "gone"),
		"what was not begun, like BUSY": nil,
	} {
		f := &fake{transact: func(stream transactStream, _ int32) error {
			if end == nil {
				return refusal(codes.Aborted, ReasonBusy, &soon)
			}
			if err := begin(stream); err != nil {
				return err
			}
			return end
		}}
		err := serve(t, f).Database("data").Transaction(t.Context(), Immediate, func(tx *Tx) error {
			_, err := tx.Execute(t.Context(), "SELECT 1")
			return err
		})
		var told *Error
		if !errors.As(err, &told) || !told.Retryable() || told.OutcomeUnknown() || f.calls.Load() != 3 {
			t.Errorf("%s: after %d calls: %+v", name, f.calls.Load(), told)
		}
	}
}

func TestTransactionIsNotRunAgainForTheErrorOfAnother(t *testing.T) {
	soon := time.Millisecond
	for name, test := range map[string]error{
		"a lost connection":        status.Error(codes.Unavailable, "gone"),
		"what the server asks for": refusal(codes.Aborted, ReasonBusy, &soon),
	} {
		other := serve(t, &fake{
			execute: func(context.Context, int32) error { return test },
		}, WithRetry(RetryPolicy{MaxAttempts: 1})).Database("other")
		f := &fake{transact: func(stream transactStream, _ int32) error {
			if err := begin(stream); err != nil {
				return err
			}
			_, err := stream.Recv()
			return err
		}}
		attempts := 0
		err := serve(t, f).Database("data").Transaction(t.Context(), Immediate, func(*Tx) error {
			attempts++
			_, err := other.Execute(t.Context(), "INSERT INTO t VALUES (1)")
			return err
		})
		if attempts != 1 || Code(err) != status.Code(test) {
			t.Errorf("%s: after %d attempts: %v", name, attempts, err)
		}
	}
}

func TestTransactionIsNotRunAgainAfterACommit(t *testing.T) {
	busy := status.Convert(refusal(codes.Aborted, ReasonBusy, new(time.Duration))).Proto()
	f := &fake{transact: func(stream transactStream, _ int32) error {
		if err := begin(stream); err != nil {
			return err
		}
		for _, answer := range []*tenantryv1.TransactResponse{
			{Response: &tenantryv1.TransactResponse_Error{Error: busy}},
			{Response: &tenantryv1.TransactResponse_Committed{Committed: &tenantryv1.TransactCommitted{}}},
		} {
			if _, err := stream.Recv(); err != nil {
				return err
			}
			if err := stream.Send(answer); err != nil {
				return err
			}
		}
		return nil
	}}
	err := serve(t, f).Database("data").Transaction(t.Context(), Deferred, func(tx *Tx) error {
		_, busy := tx.Execute(t.Context(), "INSERT INTO t VALUES (1)")
		return errors.Join(busy, tx.Commit(t.Context()))
	})
	if !errors.Is(err, ReasonBusy) || f.calls.Load() != 1 {
		t.Errorf("after %d calls: %v", f.calls.Load(), err)
	}
}

func TestTransactionTakesANewToken(t *testing.T) {
	f := &fake{transact: func(stream transactStream, call int32) error {
		if call == 1 {
			return refusal(codes.Unauthenticated, ReasonTokenExpired, nil)
		}
		for range 2 {
			if err := begin(stream); err != nil {
				return err
			}
		}
		return nil
	}}
	asked := 0
	client := serve(t, f, WithTokenSource(func(context.Context) (string, error) {
		asked++
		return "token", nil
	}))
	mine := errors.New("mine")
	err := client.Database("data").Transaction(t.Context(), Immediate, func(*Tx) error { return mine })
	if err != mine || asked != 2 || f.calls.Load() != 2 {
		t.Errorf("after %d calls and %d tokens: %v", f.calls.Load(), asked, err)
	}
}

func TestAnswersOfAnotherKind(t *testing.T) {
	rolledBack := &tenantryv1.TransactResponse{
		Response: &tenantryv1.TransactResponse_RolledBack{RolledBack: &tenantryv1.TransactRolledBack{}},
	}
	for name, test := range map[string]struct {
		begun   bool
		unknown bool
		do      func(tx *Tx) error
	}{
		"to begin":    {false, false, func(*Tx) error { return nil }},
		"to commit":   {true, true, func(*Tx) error { return nil }},
		"to rollback": {true, false, nil},
		"to execute": {true, false, func(tx *Tx) error {
			_, err := tx.Execute(t.Context(), "SELECT 1")
			return err
		}},
	} {
		f := &fake{transact: func(stream transactStream, _ int32) error {
			if test.begun {
				if err := begin(stream); err != nil {
					return err
				}
			}
			if _, err := stream.Recv(); err != nil {
				return err
			}
			if test.do == nil {
				return stream.Send(&tenantryv1.TransactResponse{})
			}
			return stream.Send(rolledBack)
		}}
		db := serve(t, f).Database("data")
		var err error
		if test.do == nil {
			var tx *Tx
			if tx, err = db.Begin(t.Context(), Immediate); err == nil {
				err = tx.Rollback(t.Context())
			}
		} else {
			err = db.Transaction(t.Context(), Immediate, test.do)
		}
		var told *Error
		if !errors.As(err, &told) || told.Code != codes.Internal || told.OutcomeUnknown() != test.unknown || f.calls.Load() != 1 {
			t.Errorf("%s: after %d calls: %v", name, f.calls.Load(), err)
		}
	}
}

func TestTransactionOfAPanic(t *testing.T) {
	ended := make(chan error, 1)
	f := &fake{transact: func(stream transactStream, _ int32) error {
		if err := begin(stream); err != nil {
			return err
		}
		_, err := stream.Recv()
		ended <- err
		return err
	}}
	db := serve(t, f).Database("data")
	func() {
		defer func() {
			if recover() != "mine" {
				t.Error("the panic did not come out")
			}
		}()
		_ = db.Transaction(t.Context(), Immediate, func(*Tx) error { panic("mine") })
	}()
	select {
	case err := <-ended:
		if status.Code(err) != codes.Canceled {
			t.Errorf("the server saw %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the transaction is still open")
	}
}
