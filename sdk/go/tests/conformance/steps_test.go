package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	tenantry "github.com/tenantry/tenantry/sdk/go"
)

// inFlightHead is how long a call is under way before its client is closed.
const inFlightHead = 200 * time.Millisecond

// step is one step: who does it, how it ends, and one operation.
type step struct {
	Client     string
	TimeoutMs  *int `json:"timeout_ms"`
	Idempotent bool
	Expect     map[string]any
	Error      *wantedError

	Connect          *connect
	Execute          *execute
	Batch            *batch
	Query            *query
	Transaction      *transaction
	CreateDatabase   *createDatabase      `json:"create_database"`
	BranchDatabase   *branchDatabase      `json:"branch_database"`
	GetDatabase      *named               `json:"get_database"`
	UpdateDatabase   *updateDatabase      `json:"update_database"`
	DeleteDatabase   *named               `json:"delete_database"`
	UndeleteDatabase *named               `json:"undelete_database"`
	ListDatabases    *listDatabases       `json:"list_databases"`
	CreateToken      *createToken         `json:"create_token"`
	RevokeToken      *struct{ ID string } `json:"revoke_token"`
	Migrate          *migrate
	GetSchema        *ofSchema `json:"get_schema"`
	ListChildren     *ofSchema `json:"list_children"`
	ListMigrations   *ofSchema `json:"list_migrations"`
	Cancel           *cancelCall
	Close            *closeClient
	Server           *serverStep
}

type connect struct {
	Name     string
	Token    string
	Tokens   []string
	Endpoint string
	Attempts int
}

type execute struct {
	Database      string
	SQL           string
	Args          []cell
	Named         map[string]cell
	Attach        []attachment
	MinGeneration uint64 `json:"min_generation"`
}

// attachment is a name, or a database with an alias.
type attachment struct{ Database, Alias string }

func (a *attachment) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &a.Database) == nil {
		return nil
	}
	type plain attachment
	return decode(json.RawMessage(text), (*plain)(a))
}

// statement is a text, or SQL with arguments.
type statement struct {
	SQL   string
	Args  []cell
	Named map[string]cell
}

func (s *statement) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &s.SQL) == nil {
		return nil
	}
	type plain statement
	return decode(json.RawMessage(text), (*plain)(s))
}

type batch struct {
	Database   string
	Statements []statement
	Mode       string
	Attach     []attachment
}

type query struct {
	execute
	Encoding  string
	Take      *int
	Interfere *interference
}

type transaction struct {
	Database  string
	Mode      string
	Attach    []attachment
	Do        []step
	End       string
	Interfere *interference
}

// interference is SQL for the transaction's database, or steps.
type interference struct {
	sql   string
	steps []any
}

func (i *interference) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &i.sql) == nil {
		return nil
	}
	return json.Unmarshal(text, &i.steps)
}

type cancelCall struct {
	AfterMs int `json:"after_ms"`
	Call    step
}

type closeClient struct {
	InFlight *step `json:"in_flight"`
}

// serverStep is a word, or when to start the server behind the next steps.
type serverStep struct {
	word         string
	StartAfterMs int `json:"start_after_ms"`
}

func (s *serverStep) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &s.word) == nil {
		return nil
	}
	type plain serverStep
	return decode(json.RawMessage(text), (*plain)(s))
}

// do runs the operation of a step.
func (r *run) do(ctx context.Context, s *step) (actual, error) {
	client := r.admin
	if s.Client != "" {
		known, ok := r.clients[s.Client]
		if !ok {
			return nil, unfitf("there is no client %q", s.Client)
		}
		client = known
	}
	if s.TimeoutMs != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(*s.TimeoutMs)*time.Millisecond)
		defer cancel()
	}
	switch {
	case s.Connect != nil:
		return nil, r.connect(s.Connect)
	case s.Execute != nil:
		result, err := r.database(client, s, s.Execute).Execute(ctx, s.Execute.SQL, arguments(s.Execute.Args, s.Execute.Named)...)
		if err != nil {
			return nil, err
		}
		return resultOf(result), nil
	case s.Batch != nil:
		return r.batch(ctx, client, s)
	case s.Query != nil:
		return r.query(ctx, client, s)
	case s.Transaction != nil:
		return r.transaction(ctx, client, s.Transaction)
	case s.Cancel != nil:
		ctx, cancel := context.WithCancel(ctx)
		defer time.AfterFunc(time.Duration(s.Cancel.AfterMs)*time.Millisecond, cancel).Stop()
		defer cancel()
		return r.do(ctx, &s.Cancel.Call)
	case s.Close != nil:
		return r.close(ctx, client, s)
	case s.Server != nil:
		return nil, r.serve(s.Server)
	default:
		return r.administer(ctx, client, s)
	}
}

func (r *run) connect(c *connect) error {
	endpoint := r.server.Endpoint()
	if c.Endpoint != "" {
		endpoint = c.Endpoint
	}
	opts := []tenantry.Option{tenantry.WithToken(r.server.Token())}
	if c.Token != "" {
		opts = []tenantry.Option{tenantry.WithToken(c.Token)}
	}
	if len(c.Tokens) > 0 {
		left := c.Tokens
		opts = []tenantry.Option{tenantry.WithTokenSource(func(context.Context) (string, error) {
			token := left[0]
			if len(left) > 1 {
				left = left[1:]
			}
			return token, nil
		})}
	}
	if c.Attempts > 0 {
		opts = append(opts, tenantry.WithRetry(tenantry.RetryPolicy{
			MaxAttempts: c.Attempts,
			MinBackoff:  50 * time.Millisecond,
			MaxBackoff:  2 * time.Second,
		}))
	}
	client, err := tenantry.New(endpoint, opts...)
	if err == nil {
		r.clients[c.Name] = client
	}
	return err
}

func (r *run) database(client *tenantry.Client, s *step, e *execute) *tenantry.DB {
	db := client.Database(r.group+"/"+e.Database, r.attach(e.Attach)...)
	if e.MinGeneration > 0 {
		db = db.With(tenantry.MinGeneration(e.MinGeneration))
	}
	if s.Idempotent {
		db = db.With(tenantry.Idempotent())
	}
	return db
}

func (r *run) attach(attachments []attachment) (settings []tenantry.Setting) {
	for _, attachment := range attachments {
		settings = append(settings, tenantry.AttachAs(r.group+"/"+attachment.Database, attachment.Alias))
	}
	return settings
}

func arguments(positional []cell, named map[string]cell) []any {
	var result []any
	for _, argument := range positional {
		result = append(result, argument.value)
	}
	if len(named) > 0 {
		byName := tenantry.NamedArgs{}
		for name, argument := range named {
			byName[name] = argument.value
		}
		result = append(result, byName)
	}
	return result
}

func modeOf(name string, otherwise tenantry.Mode) (tenantry.Mode, error) {
	switch name {
	case "":
		return otherwise, nil
	case "DEFERRED":
		return tenantry.Deferred, nil
	case "IMMEDIATE":
		return tenantry.Immediate, nil
	case "READ_ONLY":
		return tenantry.ReadOnly, nil
	default:
		return 0, unfitf("there is no mode %q", name)
	}
}

func (r *run) batch(ctx context.Context, client *tenantry.Client, s *step) (actual, error) {
	mode, err := modeOf(s.Batch.Mode, tenantry.Deferred)
	if err != nil {
		return nil, err
	}
	var steps []tenantry.Step
	for _, statement := range s.Batch.Statements {
		steps = append(steps, tenantry.SQL(statement.SQL, arguments(statement.Args, statement.Named)...))
	}
	db := r.database(client, s, &execute{Database: s.Batch.Database, Attach: s.Batch.Attach})
	result, err := db.Batch(ctx, mode, steps...)
	if err != nil {
		return nil, err
	}
	results := make([]any, len(result.Results))
	for index := range result.Results {
		results[index] = resultSetOf(&result.Results[index].ResultSet)
	}
	return actual{"results": results}, nil
}

func (r *run) query(ctx context.Context, client *tenantry.Client, s *step) (actual, error) {
	db := r.database(client, s, &s.Query.execute)
	switch s.Query.Encoding {
	case "", "COLUMNS":
	case "ROWS":
		db = db.With(tenantry.WithEncoding(tenantry.RowWise))
	default:
		return nil, unfitf("there is no encoding %q", s.Query.Encoding)
	}
	rows, err := db.Query(ctx, s.Query.SQL, arguments(s.Query.Args, s.Query.Named)...)
	if err != nil {
		return nil, err
	}
	count, all := 0, []any{}
	told := actual{
		"columns":    namesOf(rows.Columns()),
		"generation": float64(rows.Generation()),
	}
	keep := s.Expect["rows"] != nil
	for row, err := range rows.All() {
		if err != nil {
			return nil, err
		}
		if count == 0 {
			told["first"] = firstOf(row, rows.Columns())
		}
		count++
		if keep {
			all = append(all, rowOf(row))
		}
		if s.Expect["last_row"] != nil {
			told["last_row"] = rowOf(row)
		}
		if s.Query.Take != nil && count == *s.Query.Take {
			break
		}
		if count == 1 && s.Query.Interfere != nil {
			if err := r.interfere(s.Query.Interfere, s.Query.Database); err != nil {
				return nil, err
			}
		}
	}
	told["rows"], told["row_count"] = all, float64(count)
	return told, nil
}

func (r *run) interfere(i *interference, database string) error {
	steps := i.steps
	if i.sql != "" {
		steps = []any{map[string]any{"execute": map[string]any{"database": database, "sql": i.sql}}}
	}
	for index, tree := range steps {
		if err := r.step(tree); err != nil {
			return unfitf("interfere %d: %v", index+1, err)
		}
	}
	return nil
}

var errOfTheCaller = errors.New("the caller's own error")

func (r *run) transaction(ctx context.Context, client *tenantry.Client, t *transaction) (actual, error) {
	mode, err := modeOf(t.Mode, tenantry.Immediate)
	if err != nil {
		return nil, err
	}
	attempts := 0
	db := client.Database(r.group+"/"+t.Database, r.attach(t.Attach)...)
	err = db.Transaction(ctx, mode, func(tx *tenantry.Tx) error {
		attempts++
		for index, inner := range t.Do {
			if inner.Execute == nil {
				return unfitf("a transaction can only execute")
			}
			told, err := r.inTransaction(ctx, tx, &inner)
			if err != nil {
				return err
			}
			if inner.Error == nil {
				if err := compare("", inner.Expect, told); err != nil {
					return fmt.Errorf("do %d: %w", index+1, err)
				}
			}
			if index == 0 && attempts == 1 && t.Interfere != nil {
				if err := r.interfere(t.Interfere, t.Database); err != nil {
					return err
				}
			}
		}
		if t.End == "fail" {
			return errOfTheCaller
		}
		return nil
	})
	if t.End == "fail" {
		if err != errOfTheCaller {
			return nil, unfitf("expected the caller's own error, got %v", err)
		}
		err = nil
	}
	return actual{"attempts": float64(attempts)}, err
}

// inTransaction runs one step of a transaction. An error that it expects is caught;
// any other comes out of the caller's function.
func (r *run) inTransaction(ctx context.Context, tx *tenantry.Tx, s *step) (actual, error) {
	result, err := tx.Execute(ctx, s.Execute.SQL, arguments(s.Execute.Args, s.Execute.Named)...)
	switch {
	case s.Error != nil:
		return nil, s.Error.compare(err)
	case err != nil:
		return nil, err
	default:
		return resultOf(result), nil
	}
}

func (r *run) close(ctx context.Context, client *tenantry.Client, s *step) (actual, error) {
	if s.Client == "" {
		return nil, unfitf("only a client of `connect` can be closed")
	}
	if s.Close.InFlight == nil {
		return nil, client.Close()
	}
	ended := make(chan error, 1)
	inFlight := *s.Close.InFlight
	inFlight.Client = s.Client
	go func() {
		_, err := r.do(ctx, &inFlight)
		ended <- err
	}()
	time.Sleep(inFlightHead)
	return nil, errors.Join(client.Close(), <-ended)
}

func (r *run) serve(s *serverStep) error {
	switch {
	case s.StartAfterMs > 0:
		started := make(chan error, 1)
		r.starting = started
		time.AfterFunc(time.Duration(s.StartAfterMs)*time.Millisecond, func() { started <- r.server.Start() })
		return nil
	case s.word == "stop":
		return r.server.Stop()
	case s.word == "kill":
		return r.server.Kill()
	case s.word == "start":
		return r.server.Start()
	case s.word == "restart":
		return errors.Join(r.server.Stop(), r.server.Start())
	default:
		return unfitf("the server cannot %q", s.word)
	}
}

// collect reads a list to its end.
func collect[Item any](items iter.Seq2[Item, error], name func(Item) string) ([]any, error) {
	names := []any{}
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		names = append(names, name(item))
	}
	return names, nil
}
