package sqldriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	tenantry "github.com/tenantry/tenantry/sdk/go"
)

// conn is one connection of database/sql: the name of a database, and a transaction
// while one is open.
type conn struct {
	connector *Connector
	tx        *tx
}

var (
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil)
)

// Ping asks the server whether it answers, and takes the token for the database.
func (c *conn) Ping(ctx context.Context) error {
	_, err := c.connector.db.Describe(ctx, "SELECT 1")
	return err
}

// ResetSession refuses a connection with an open transaction: the next user must
// not find themselves inside.
func (c *conn) ResetSession(context.Context) error {
	if c.tx != nil {
		return driver.ErrBadConn
	}
	return nil
}

// Close ends the transaction, if there is one. The client stays open.
func (c *conn) Close() error {
	if c.tx != nil {
		return c.tx.Rollback()
	}
	return nil
}

// CheckNamedValue lets every argument through; package tenantry binds them.
func (c *conn) CheckNamedValue(*driver.NamedValue) error { return nil }

// Begin is what database/sql calls no more.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx starts a transaction. All of them are serializable.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	switch level := sql.IsolationLevel(opts.Isolation); level {
	case sql.LevelDefault, sql.LevelSnapshot, sql.LevelSerializable:
	default:
		return nil, fmt.Errorf("tenantry: transactions are serializable; the level %s is not known", level)
	}
	mode := c.connector.mode
	if opts.ReadOnly {
		mode = tenantry.ReadOnly
	}
	begun, err := c.connector.db.Begin(ctx, mode)
	if err != nil {
		return nil, err
	}
	c.tx = &tx{conn: c, tx: begun, ctx: ctx}
	return c.tx, nil
}

// Prepare is what database/sql calls no more.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext keeps the SQL: the server caches what it compiles, so that nothing
// is gained by another round trip.
func (c *conn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	return &stmt{conn: c, query: query}, nil
}

// ExecContext runs one or several statements. Its result is that of the last one.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	answer, err := c.execute(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return result{answer}, nil
}

// QueryContext runs a statement that returns rows. Outside of a transaction they
// are streamed; inside they come at once, up to the size of one response.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.tx != nil {
		answer, err := c.execute(ctx, query, args)
		if err != nil {
			return nil, err
		}
		return newRows(answer.Columns, &kept{rows: answer.Rows}), nil
	}
	stream, err := c.connector.db.Query(ctx, query, bind(args)...)
	if err != nil {
		return nil, err
	}
	return newRows(stream.Columns(), stream), nil
}

func (c *conn) execute(ctx context.Context, query string, args []driver.NamedValue) (*tenantry.Result, error) {
	if c.tx != nil {
		return c.tx.tx.Execute(ctx, query, bind(args)...)
	}
	return c.connector.db.Execute(ctx, query, bind(args)...)
}

func bind(args []driver.NamedValue) []any {
	bound := make([]any, len(args))
	for index, arg := range args {
		bound[index] = arg.Value
		if arg.Name != "" {
			bound[index] = sql.Named(arg.Name, arg.Value)
		}
	}
	return bound
}

// tx is a transaction of database/sql, which gives no context to its end.
type tx struct {
	conn *conn
	tx   *tenantry.Tx
	ctx  context.Context
}

func (t *tx) Commit() error {
	t.conn.tx = nil
	return t.tx.Commit(t.ctx)
}

func (t *tx) Rollback() error {
	t.conn.tx = nil
	err := t.tx.Rollback(t.ctx)
	// The end of the context has rolled it back already.
	if t.ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return nil
	}
	return err
}

type stmt struct {
	conn  *conn
	query string
}

var (
	_ driver.StmtExecContext   = (*stmt)(nil)
	_ driver.StmtQueryContext  = (*stmt)(nil)
	_ driver.NamedValueChecker = (*stmt)(nil)
)

func (s *stmt) Close() error { return nil }

// NumInput tells that the server counts the arguments.
func (s *stmt) NumInput() int { return -1 }

func (s *stmt) CheckNamedValue(*driver.NamedValue) error { return nil }

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.ExecContext(ctx, s.query, args)
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.QueryContext(ctx, s.query, args)
}

// Exec is what database/sql calls no more.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), numbered(args))
}

// Query is what database/sql calls no more.
func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), numbered(args))
}

func numbered(args []driver.Value) []driver.NamedValue {
	result := make([]driver.NamedValue, len(args))
	for index, arg := range args {
		result[index] = driver.NamedValue{Ordinal: index + 1, Value: arg}
	}
	return result
}

type result struct{ answer *tenantry.Result }

func (r result) LastInsertId() (int64, error) { return r.answer.LastInsertID, nil }

func (r result) RowsAffected() (int64, error) { return r.answer.RowsAffected, nil }
