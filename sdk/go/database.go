package tenantry

import (
	"context"

	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

// DB runs SQL on one database. It is a name with settings: cheap to make, never
// closed, and safe for concurrent use.
type DB struct {
	client   *Client
	name     string
	settings settings
}

type settings struct {
	attachments   []*tenantryv1.Attachment
	minGeneration uint64
	idempotent    bool
	encoding      Encoding
}

// Setting changes how a [DB] makes its calls.
type Setting func(*settings)

// Database returns the database of this name, as GROUP/NAME or GROUP/UUID; without a
// slash the group is `default`. Whether it exists, the first call tells.
func (c *Client) Database(name string, set ...Setting) *DB {
	db := &DB{client: c, name: name, settings: settings{encoding: Columns}}
	return db.With(set...)
}

// With returns the same database with more settings:
//
//	rows, err := db.With(tenantry.Attach("b2b/catalogue")).Query(ctx, …)
func (db *DB) With(set ...Setting) *DB {
	result := *db
	for _, apply := range set {
		apply(&result.settings)
	}
	return &result
}

// Name returns the name that the database was asked for by.
func (db *DB) Name() string { return db.name }

// Attach lets SQL read another database of the group, under its own name.
func Attach(name string) Setting { return AttachAs(name, "") }

// AttachAs lets SQL read another database of the group, under an alias.
func AttachAs(name, alias string) Setting {
	return func(s *settings) {
		// A copy: several databases may go back to the same settings.
		s.attachments = append(s.attachments[:len(s.attachments):len(s.attachments)],
			&tenantryv1.Attachment{Database: name, Alias: alias})
	}
}

// MinGeneration makes calls fail with [ReasonGenerationMismatch] when the database
// is below this generation.
func MinGeneration(generation uint64) Setting {
	return func(s *settings) { s.minGeneration = generation }
}

// Idempotent promises that Execute and Query may do their work twice, so that they
// may be sent again when the connection fails.
func Idempotent() Setting {
	return func(s *settings) { s.idempotent = true }
}

// WithEncoding sets how Query carries rows. Default: [Columns].
func WithEncoding(encoding Encoding) Setting {
	return func(s *settings) { s.encoding = encoding }
}

// Mode is how a transaction starts.
type Mode int32

const (
	// Deferred reads at first, and becomes a write transaction with its first
	// write. That fails with [ReasonBusy] when another one has committed since.
	Deferred = Mode(tenantryv1.TransactionMode_TRANSACTION_MODE_DEFERRED)
	// Immediate waits for its turn to write at once.
	Immediate = Mode(tenantryv1.TransactionMode_TRANSACTION_MODE_IMMEDIATE)
	// ReadOnly reads one snapshot; a write fails with [ReasonReadOnly].
	ReadOnly = Mode(tenantryv1.TransactionMode_TRANSACTION_MODE_READ_ONLY)
)

// Execute runs one or several statements as one transaction, all or none, and
// returns their results. Arguments stand by position, or by name as [NamedArgs] or
// [sql.Named]. On a SCHEMA database what writes is a migration.
func (db *DB) Execute(ctx context.Context, query string, args ...any) (*Result, error) {
	message, err := statement(query, args)
	if err != nil {
		return nil, err
	}
	response, err := unary(ctx, db.client, db.settings.idempotent, db.client.queries.Execute,
		&tenantryv1.ExecuteRequest{
			Database:      db.name,
			Statement:     message,
			Attachments:   db.settings.attachments,
			MinGeneration: db.settings.minGeneration,
		})
	if err != nil {
		return nil, err
	}
	return resultOf(response.GetResults(), response.GetGeneration()), nil
}

// Step is one statement of a batch.
type Step struct {
	// SQL is exactly one statement.
	SQL string
	// Args are its arguments, as those of Execute.
	Args []any
	// If says when to run it; nil is always.
	If *Condition
}

// SQL returns a step that always runs.
func SQL(query string, args ...any) Step { return Step{SQL: query, Args: args} }

// Condition is what must hold of earlier steps of a batch, which are counted from 0.
type Condition struct{ message *tenantryv1.Condition }

// Succeeded holds when the step ran and succeeded.
func Succeeded(step uint32) *Condition {
	return &Condition{&tenantryv1.Condition{Condition: &tenantryv1.Condition_Ok{Ok: step}}}
}

// Failed holds when the step ran and failed. A failure that some condition refers to
// does not fail the batch.
func Failed(step uint32) *Condition {
	return &Condition{&tenantryv1.Condition{Condition: &tenantryv1.Condition_Error{Error: step}}}
}

// Not holds when the condition does not.
func Not(condition *Condition) *Condition {
	return &Condition{&tenantryv1.Condition{Condition: &tenantryv1.Condition_Not{Not: condition.message}}}
}

// And holds when all of the conditions do.
func And(conditions ...*Condition) *Condition {
	return &Condition{&tenantryv1.Condition{Condition: &tenantryv1.Condition_And{And: list(conditions)}}}
}

// Or holds when at least one of the conditions does.
func Or(conditions ...*Condition) *Condition {
	return &Condition{&tenantryv1.Condition{Condition: &tenantryv1.Condition_Or{Or: list(conditions)}}}
}

func list(conditions []*Condition) *tenantryv1.ConditionList {
	result := &tenantryv1.ConditionList{}
	for _, condition := range conditions {
		result.Conditions = append(result.Conditions, condition.message)
	}
	return result
}

// Batch runs steps in one transaction: all or none.
func (db *DB) Batch(ctx context.Context, mode Mode, steps ...Step) (*BatchResult, error) {
	request := &tenantryv1.ExecuteBatchRequest{
		Database:      db.name,
		Mode:          tenantryv1.TransactionMode(mode),
		Attachments:   db.settings.attachments,
		MinGeneration: db.settings.minGeneration,
	}
	for index, step := range steps {
		message, err := statement(step.SQL, step.Args)
		if err != nil {
			return nil, invalidArgument("step %d: %s", index, asError(err).Message)
		}
		wanted := &tenantryv1.BatchStep{Statement: message}
		if step.If != nil {
			wanted.Condition = step.If.message
		}
		request.Steps = append(request.Steps, wanted)
	}
	safe := db.settings.idempotent || mode == ReadOnly
	response, err := unary(ctx, db.client, safe, db.client.queries.ExecuteBatch, request)
	if err != nil {
		return nil, err
	}
	result := &BatchResult{Generation: response.GetGeneration()}
	for _, step := range response.GetResults() {
		switch outcome := step.GetOutcome().(type) {
		case *tenantryv1.StepResult_Result:
			result.Results = append(result.Results, StepResult{ResultSet: resultSetOf(outcome.Result)})
		case *tenantryv1.StepResult_Error:
			result.Results = append(result.Results, StepResult{Err: fromProto(outcome.Error)})
		default:
			result.Results = append(result.Results, StepResult{Skipped: true})
		}
	}
	return result, nil
}

// Description is what [DB.Describe] answers.
type Description struct {
	// Parameters are the names without the sigil, in the order of their numbers;
	// empty for `?` and `?1`.
	Parameters []string
	// Columns is empty for a statement that returns no rows.
	Columns []Column
	// ReadOnly says that the statement does not write to the database.
	ReadOnly bool
	// Explain says that it is an EXPLAIN or an EXPLAIN QUERY PLAN.
	Explain bool
}

// Describe compiles one statement without running it.
func (db *DB) Describe(ctx context.Context, query string) (*Description, error) {
	if err := checkSQL(query); err != nil {
		return nil, err
	}
	response, err := unary(ctx, db.client, true, db.client.queries.Describe,
		&tenantryv1.DescribeRequest{
			Database:    db.name,
			Sql:         query,
			Attachments: db.settings.attachments,
		})
	if err != nil {
		return nil, err
	}
	result := &Description{
		Columns:  columnsOf(response.GetColumns()),
		ReadOnly: response.GetReadOnly(),
		Explain:  response.GetExplain(),
	}
	for _, parameter := range response.GetParameters() {
		result.Parameters = append(result.Parameters, parameter.GetName())
	}
	return result, nil
}
