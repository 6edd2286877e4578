package tenantry

import (
	"context"
	"iter"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

// What the server tells of groups and databases, in the words of its protos.
type (
	// Group is where databases live together.
	Group = tenantryv1.Group
	// Database is a database and its configuration.
	Database = tenantryv1.Database
	// DatabaseKind is what a database is.
	DatabaseKind = tenantryv1.DatabaseKind
	// ListDatabasesRequest is what [Databases.List] filters by.
	ListDatabasesRequest = tenantryv1.ListDatabasesRequest
)

const (
	// KindRegular owns its schema.
	KindRegular = tenantryv1.DatabaseKind_DATABASE_KIND_REGULAR
	// KindSchema holds the schema for its children.
	KindSchema = tenantryv1.DatabaseKind_DATABASE_KIND_SCHEMA
	// KindChild follows the schema of a SCHEMA database.
	KindChild = tenantryv1.DatabaseKind_DATABASE_KIND_CHILD
)

// Databases creates, configures and deletes groups and databases.
type Databases struct {
	client *Client
	stub   tenantryv1.DatabasesServiceClient
}

// CreateGroup creates a group.
func (d *Databases) CreateGroup(ctx context.Context, name string) (*Group, error) {
	response, err := unary(ctx, d.client, false, d.stub.CreateGroup,
		&tenantryv1.CreateGroupRequest{Group: &Group{Name: name}})
	return response.GetGroup(), err
}

// GetGroup returns a group.
func (d *Databases) GetGroup(ctx context.Context, name string) (*Group, error) {
	response, err := unary(ctx, d.client, true, d.stub.GetGroup, &tenantryv1.GetGroupRequest{Name: name})
	return response.GetGroup(), err
}

// ListGroups yields the groups that the token covers, by name.
func (d *Databases) ListGroups(ctx context.Context) iter.Seq2[*Group, error] {
	return pages(ctx, d.client, d.stub.ListGroups, &tenantryv1.ListGroupsRequest{},
		func(request *tenantryv1.ListGroupsRequest, token string) { request.PageToken = token },
		(*tenantryv1.ListGroupsResponse).GetGroups)
}

// DeleteGroup deletes a group that has no live databases.
func (d *Databases) DeleteGroup(ctx context.Context, name string) error {
	_, err := unary(ctx, d.client, false, d.stub.DeleteGroup, &tenantryv1.DeleteGroupRequest{Name: name})
	return err
}

// Create creates a database: a CHILD where Schema is set, a REGULAR one where Kind is
// not.
func (d *Databases) Create(ctx context.Context, database *Database, opts ...RequestOption) (*Database, error) {
	response, err := unary(ctx, d.client, true, d.stub.CreateDatabase,
		&tenantryv1.CreateDatabaseRequest{Database: database, RequestId: requestID(opts)})
	return response.GetDatabase(), err
}

// Branch creates a database from a snapshot of another, the source, which goes on
// undisturbed. Group, Kind and Schema are those of the source and may be left empty;
// nothing of its configuration is taken over. One that is not done by the deadline of
// ctx is given up.
func (d *Databases) Branch(ctx context.Context, source string, database *Database, opts ...RequestOption) (*Database, error) {
	response, err := unary(ctx, d.client, true, d.stub.BranchDatabase,
		&tenantryv1.BranchDatabaseRequest{Source: source, Database: database, RequestId: requestID(opts)})
	return response.GetDatabase(), err
}

// BatchCreate creates many databases: all or none.
func (d *Databases) BatchCreate(ctx context.Context, databases []*Database, opts ...RequestOption) ([]*Database, error) {
	response, err := unary(ctx, d.client, true, d.stub.BatchCreateDatabases,
		&tenantryv1.BatchCreateDatabasesRequest{Databases: databases, RequestId: requestID(opts)})
	return response.GetDatabases(), err
}

// Get returns a database. A deleted one is found by its UUID until it is purged.
func (d *Databases) Get(ctx context.Context, name string) (*Database, error) {
	response, err := unary(ctx, d.client, true, d.stub.GetDatabase, &tenantryv1.GetDatabaseRequest{Name: name})
	return response.GetDatabase(), err
}

// List yields the databases that the token covers and the filter lets through, by
// group and name; nil is no filter.
func (d *Databases) List(ctx context.Context, filter *ListDatabasesRequest) iter.Seq2[*Database, error] {
	return pages(ctx, d.client, d.stub.ListDatabases, filter,
		func(request *ListDatabasesRequest, token string) { request.PageToken = token },
		(*tenantryv1.ListDatabasesResponse).GetDatabases)
}

// Change is one change to the configuration of a database.
type Change func(*tenantryv1.UpdateDatabaseRequest)

func change(field string, set func(*Database)) Change {
	return func(request *tenantryv1.UpdateDatabaseRequest) {
		set(request.Database)
		request.UpdateMask.Paths = append(request.UpdateMask.Paths, field)
	}
}

// SetAllowAttach says whether other databases of the group may attach it.
func SetAllowAttach(allow bool) Change {
	return change("allow_attach", func(d *Database) { d.AllowAttach = allow })
}

// SetDeleteProtection says whether Delete is refused.
func SetDeleteProtection(protect bool) Change {
	return change("delete_protection", func(d *Database) { d.DeleteProtection = protect })
}

// SetBlockReads says whether reads are refused.
func SetBlockReads(block bool) Change {
	return change("block_reads", func(d *Database) { d.BlockReads = block })
}

// SetBlockWrites says whether writes are refused.
func SetBlockWrites(block bool) Change {
	return change("block_writes", func(d *Database) { d.BlockWrites = block })
}

// SetSizeLimitBytes sets the largest size of the file; 0 is no limit.
func SetSizeLimitBytes(limit uint64) Change {
	return change("size_limit_bytes", func(d *Database) { d.SizeLimitBytes = limit })
}

// SetLabels replaces all labels.
func SetLabels(labels map[string]string) Change {
	return change("labels", func(d *Database) { d.Labels = labels })
}

// IfEtag makes the change only when this is the present etag of the database.
func IfEtag(etag string) Change {
	return func(request *tenantryv1.UpdateDatabaseRequest) { request.Database.Etag = etag }
}

// Update changes what the changes name, and nothing else.
func (d *Databases) Update(ctx context.Context, name string, changes ...Change) (*Database, error) {
	request := &tenantryv1.UpdateDatabaseRequest{
		Database:   &Database{Name: name},
		UpdateMask: &fieldmaskpb.FieldMask{},
	}
	for _, apply := range changes {
		apply(request)
	}
	response, err := unary(ctx, d.client, false, d.stub.UpdateDatabase, request)
	return response.GetDatabase(), err
}

// Delete deletes a database. It can be brought back for a day, by default.
func (d *Databases) Delete(ctx context.Context, name string) (*Database, error) {
	response, err := unary(ctx, d.client, false, d.stub.DeleteDatabase, &tenantryv1.DeleteDatabaseRequest{Name: name})
	return response.GetDatabase(), err
}

// Undelete brings a deleted database back; by name it is the one deleted last.
func (d *Databases) Undelete(ctx context.Context, name string) (*Database, error) {
	response, err := unary(ctx, d.client, false, d.stub.UndeleteDatabase, &tenantryv1.UndeleteDatabaseRequest{Name: name})
	return response.GetDatabase(), err
}
