package tenantry

import (
	"context"
	"iter"
	"strconv"

	"google.golang.org/grpc/codes"

	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

// What the server tells of migrations, in the words of its protos.
type (
	// Migration is one script that takes a schema from a generation to the next.
	Migration = tenantryv1.Migration
	// MigrationState is how far a migration is.
	MigrationState = tenantryv1.MigrationState
	// MigrationFailure is why a migration failed on a database.
	MigrationFailure = tenantryv1.MigrationFailure
	// ListMigrationsRequest is what [Schema.List] filters by.
	ListMigrationsRequest = tenantryv1.ListMigrationsRequest
	// Child is a child of a schema.
	Child = tenantryv1.Child
	// ListChildrenRequest is what [Schema.Children] filters by.
	ListChildrenRequest = tenantryv1.ListChildrenRequest
)

const (
	// Preparing is being validated; nothing has changed.
	Preparing = tenantryv1.MigrationState_MIGRATION_STATE_PREPARING
	// Committed has happened; files that were not used since are behind.
	Committed = tenantryv1.MigrationState_MIGRATION_STATE_COMMITTED
	// Applied has reached every file, or quarantined it.
	Applied = tenantryv1.MigrationState_MIGRATION_STATE_APPLIED
	// MigrationFailed has changed nothing.
	MigrationFailed = tenantryv1.MigrationState_MIGRATION_STATE_FAILED
	// Cancelled has changed nothing.
	Cancelled = tenantryv1.MigrationState_MIGRATION_STATE_CANCELLED
)

// Schema migrates SCHEMA databases and all their children. It names them as
// GROUP/NAME or GROUP/UUID.
type Schema struct {
	client *Client
	stub   tenantryv1.SchemaServiceClient
}

// MigrateOption changes how a migration runs.
type MigrateOption func(*migrate)

type migrate struct {
	request  tenantryv1.ApplyMigrationRequest
	wait     tenantryv1.WaitFor
	progress func(*Migration)
}

// WaitForApply waits until every child's file has followed. Without it the wait is
// for the commit, from which on every request sees the new generation.
func WaitForApply() MigrateOption {
	return func(m *migrate) { m.wait = tenantryv1.WaitFor_WAIT_FOR_APPLY }
}

// WaitForNothing returns as soon as the migration is recorded.
func WaitForNothing() MigrateOption {
	return func(m *migrate) { m.wait = tenantryv1.WaitFor_WAIT_FOR_NOTHING }
}

// ExpectedGeneration migrates only when this is the schema's generation.
func ExpectedGeneration(generation uint64) MigrateOption {
	return func(m *migrate) { m.request.ExpectedGeneration = &generation }
}

// CheckForeignKeysAtEnd leaves foreign keys off while the script runs, and checks
// them whole at its end: for rebuilding tables.
func CheckForeignKeysAtEnd() MigrateOption {
	return func(m *migrate) { m.request.ForeignKeys = tenantryv1.ForeignKeys_FOREIGN_KEYS_CHECK_AT_END }
}

// AllowNondeterministic permits what gives each child another value, such as
// random() and the current time.
func AllowNondeterministic() MigrateOption {
	return func(m *migrate) { m.request.AllowNondeterministic = true }
}

// MigrationRequestID names the migration, as [WithRequestID] does what is created.
func MigrationRequestID(id string) MigrateOption {
	return func(m *migrate) { m.request.RequestId = id }
}

// OnProgress is called with the migration whenever it has gone on, at last with the
// one that Migrate returns.
func OnProgress(progress func(*Migration)) MigrateOption {
	return func(m *migrate) { m.progress = progress }
}

// Migrate takes the schema and every child to the next generation, or changes nothing
// anywhere: then it fails with [ReasonMigrationFailed], and the metadata names the
// database and the statement. It waits for as long as ctx allows; a migration that
// was recorded goes on when nobody waits for it.
func (s *Schema) Migrate(ctx context.Context, schema, script string, opts ...MigrateOption) (*Migration, error) {
	m, err := newMigrate(schema, script, opts)
	if err != nil {
		return nil, err
	}
	m.request.WaitFor = tenantryv1.WaitFor_WAIT_FOR_NOTHING
	response, err := unary(ctx, s.client, true, s.stub.ApplyMigration, &m.request)
	if err != nil {
		return nil, err
	}
	last := response.GetMigration()
	m.tell(last)
	if m.wait != tenantryv1.WaitFor_WAIT_FOR_NOTHING && !m.isReached(last) {
		for next, err := range s.Watch(ctx, schema, last.GetId()) {
			if err != nil {
				return nil, err
			}
			last = next
			m.tell(last)
			if m.isReached(last) {
				break
			}
		}
	}
	return last, failureOf(last)
}

func newMigrate(schema, script string, opts []MigrateOption) (*migrate, error) {
	if err := checkSQL(script); err != nil {
		return nil, err
	}
	m := &migrate{wait: tenantryv1.WaitFor_WAIT_FOR_COMMIT}
	for _, opt := range opts {
		opt(m)
	}
	m.request.Schema = schema
	m.request.Sql = script
	if m.request.RequestId == "" {
		m.request.RequestId = newRequestID()
	}
	return m, nil
}

func (m *migrate) tell(migration *Migration) {
	if m.progress != nil {
		m.progress(migration)
	}
}

// isReached tells whether the migration is as far as the caller waits for.
func (m *migrate) isReached(migration *Migration) bool {
	switch migration.GetState() {
	case Applied, MigrationFailed, Cancelled:
		return true
	case Committed:
		return m.wait == tenantryv1.WaitFor_WAIT_FOR_COMMIT
	default:
		return false
	}
}

// failureOf is the error of a migration that has ended without a commit, as the
// server would answer it to a call that waits.
func failureOf(migration *Migration) error {
	metadata := map[string]string{"migration": migration.GetId()}
	switch migration.GetState() {
	case MigrationFailed:
		failure := migration.GetFailure()
		metadata["database"] = failure.GetDatabase()
		if failure.GetStatementFailed() {
			metadata["statement_index"] = strconv.FormatUint(uint64(failure.GetStatementIndex()), 10)
		}
		return &Error{
			Code:     codes.FailedPrecondition,
			Reason:   ReasonMigrationFailed,
			Message:  failure.GetMessage(),
			Metadata: metadata,
		}
	case Cancelled:
		return &Error{
			Code:     codes.Canceled,
			Reason:   ReasonCancelled,
			Message:  "the migration was cancelled",
			Metadata: metadata,
		}
	default:
		return nil
	}
}

// Validation is what a migration would do.
type Validation struct {
	// MigrationValidation has the failures, and what was measured.
	*tenantryv1.MigrationValidation
	// Migration is as it would be, without an id.
	Migration *Migration
}

// Validate runs the script on the parent and every child that has a file, undoes it,
// and tells every database on which it fails. Options about waiting mean nothing here.
func (s *Schema) Validate(ctx context.Context, schema, script string, opts ...MigrateOption) (*Validation, error) {
	m, err := newMigrate(schema, script, opts)
	if err != nil {
		return nil, err
	}
	m.request.ValidateOnly = true
	response, err := unary(ctx, s.client, true, s.stub.ApplyMigration, &m.request)
	if err != nil {
		return nil, err
	}
	return &Validation{response.GetValidation(), response.GetMigration()}, nil
}

// Get returns a migration with its whole script.
func (s *Schema) Get(ctx context.Context, schema, id string) (*Migration, error) {
	response, err := unary(ctx, s.client, true, s.stub.GetMigration,
		&tenantryv1.GetMigrationRequest{Schema: schema, Id: id})
	return response.GetMigration(), err
}

// List yields the migrations of a schema, newest first.
func (s *Schema) List(ctx context.Context, filter *ListMigrationsRequest) iter.Seq2[*Migration, error] {
	return pages(ctx, s.client, s.stub.ListMigrations, filter,
		func(request *ListMigrationsRequest, token string) { request.PageToken = token },
		(*tenantryv1.ListMigrationsResponse).GetMigrations)
}

// Watch yields a migration at once, and whenever it has gone on, until it is APPLIED,
// FAILED or CANCELLED. When the connection breaks it is taken up again.
func (s *Schema) Watch(ctx context.Context, schema, id string) iter.Seq2[*Migration, error] {
	return func(yield func(*Migration, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		request := &tenantryv1.WatchMigrationRequest{Schema: schema, Id: id}
		for {
			// Every stream begins with the present state. Attempts are counted up to
			// that: a stream that has begun may break as often as it will.
			var stream tenantryv1.SchemaService_WatchMigrationClient
			var response *tenantryv1.WatchMigrationResponse
			err := s.client.attempt(ctx, true, func() (err error) {
				if stream, err = s.stub.WatchMigration(ctx, request); err == nil {
					response, err = stream.Recv()
				}
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for err == nil {
				if !yield(response.GetMigration(), nil) || hasEnded(response.GetMigration()) {
					return
				}
				response, err = stream.Recv()
			}
			failed := s.client.transport.translate(err)
			broken := failed.Code == codes.Unavailable || isRefused(failed)
			if !broken || !s.client.waitForRetry(ctx, failed, 1) {
				yield(nil, failed)
				return
			}
		}
	}
}

func hasEnded(migration *Migration) bool {
	switch migration.GetState() {
	case Applied, MigrationFailed, Cancelled:
		return true
	default:
		return false
	}
}

// Cancel cancels a migration that has not committed.
func (s *Schema) Cancel(ctx context.Context, schema, id string) (*Migration, error) {
	response, err := unary(ctx, s.client, false, s.stub.CancelMigration,
		&tenantryv1.CancelMigrationRequest{Schema: schema, Id: id})
	return response.GetMigration(), err
}

// Children yields the children of a schema, by name.
func (s *Schema) Children(ctx context.Context, filter *ListChildrenRequest) iter.Seq2[*Child, error] {
	return pages(ctx, s.client, s.stub.ListChildren, filter,
		func(request *ListChildrenRequest, token string) { request.PageToken = token },
		(*tenantryv1.ListChildrenResponse).GetChildren)
}

// RetryChildren tries at once again to bring quarantined children to the schema's
// generation: those named, or all. It tells how many are there now and how many not.
func (s *Schema) RetryChildren(ctx context.Context, schema string, children ...string) (recovered, quarantined uint64, err error) {
	response, err := unary(ctx, s.client, false, s.stub.RetryChildren,
		&tenantryv1.RetryChildrenRequest{Schema: schema, Children: children})
	return response.GetRecoveredCount(), response.GetQuarantinedCount(), err
}

// SchemaText is the schema of a SCHEMA database.
type SchemaText = tenantryv1.GetSchemaResponse

// GetSchema returns the schema as text, with its generation and hash.
func (s *Schema) GetSchema(ctx context.Context, schema string) (*SchemaText, error) {
	return unary(ctx, s.client, true, s.stub.GetSchema, &tenantryv1.GetSchemaRequest{Schema: schema})
}
