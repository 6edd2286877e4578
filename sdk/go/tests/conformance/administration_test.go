package conformance

import (
	"context"
	"strings"
	"time"

	tenantry "github.com/tenantry/tenantry/sdk/go"
	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

type named struct{ Name string }

type createDatabase struct {
	Name        string
	Kind        string
	Schema      string
	AllowAttach bool `json:"allow_attach"`
	Labels      map[string]string
	RequestID   string `json:"request_id"`
}

type branchDatabase struct {
	Source string
	createDatabase
}

type updateDatabase struct {
	Name string
	Set  struct {
		AllowAttach      *bool `json:"allow_attach"`
		DeleteProtection *bool `json:"delete_protection"`
		BlockReads       *bool `json:"block_reads"`
		BlockWrites      *bool `json:"block_writes"`
		Labels           map[string]string
	}
}

type listDatabases struct {
	Kind     string
	Labels   map[string]string
	PageSize int32 `json:"page_size"`
}

type createToken struct {
	Databases []string
	Attach    []string
	Access    string
	TTLMs     int `json:"ttl_ms"`
	Save      string
}

type migrate struct {
	Schema             string
	SQL                string
	ValidateOnly       bool    `json:"validate_only"`
	WaitFor            string  `json:"wait_for"`
	ExpectedGeneration *uint64 `json:"expected_generation"`
	RequestID          string  `json:"request_id"`
}

type ofSchema struct {
	Schema   string
	PageSize int32 `json:"page_size"`
}

// administer runs the operations that are no SQL.
func (r *run) administer(ctx context.Context, client *tenantry.Client, s *step) (actual, error) {
	switch {
	case s.CreateDatabase != nil:
		database, opts, err := s.CreateDatabase.wanted()
		if err != nil {
			return nil, err
		}
		database.Group = r.group
		return databaseOf(client.Databases.Create(ctx, database, opts...))
	case s.BranchDatabase != nil:
		database, opts, err := s.BranchDatabase.wanted()
		if err != nil {
			return nil, err
		}
		if group, name, found := strings.Cut(database.Name, "/"); found {
			database.Group, database.Name = group, name
		}
		return databaseOf(client.Databases.Branch(ctx, r.in(s.BranchDatabase.Source), database, opts...))
	case s.GetDatabase != nil:
		return databaseOf(client.Databases.Get(ctx, r.in(s.GetDatabase.Name)))
	case s.UpdateDatabase != nil:
		return r.updateDatabase(ctx, client, s.UpdateDatabase)
	case s.DeleteDatabase != nil:
		return databaseOf(client.Databases.Delete(ctx, r.in(s.DeleteDatabase.Name)))
	case s.UndeleteDatabase != nil:
		return databaseOf(client.Databases.Undelete(ctx, r.in(s.UndeleteDatabase.Name)))
	case s.ListDatabases != nil:
		kind, err := kindOf(s.ListDatabases.Kind)
		if err != nil {
			return nil, err
		}
		names, err := collect(client.Databases.List(ctx, &tenantry.ListDatabasesRequest{
			Group:    r.group,
			Kind:     kind,
			Labels:   s.ListDatabases.Labels,
			PageSize: s.ListDatabases.PageSize,
		}), (*tenantry.Database).GetName)
		return actual{"names": names}, err
	case s.CreateToken != nil:
		return nil, r.createToken(ctx, client, s.CreateToken)
	case s.RevokeToken != nil:
		_, err := client.Tokens.Revoke(ctx, s.RevokeToken.ID)
		return nil, err
	case s.Migrate != nil:
		return r.migrate(ctx, client, s.Migrate)
	case s.GetSchema != nil:
		schema, err := client.Schema.GetSchema(ctx, r.in(s.GetSchema.Schema))
		return actual{"generation": float64(schema.GetGeneration()), "sql": schema.GetDdl()}, err
	case s.ListChildren != nil:
		names, err := collect(client.Schema.Children(ctx, &tenantry.ListChildrenRequest{
			Schema:   r.in(s.ListChildren.Schema),
			PageSize: s.ListChildren.PageSize,
		}), (*tenantry.Child).GetName)
		return actual{"names": names}, err
	case s.ListMigrations != nil:
		states, err := collect(client.Schema.List(ctx, &tenantry.ListMigrationsRequest{
			Schema: r.in(s.ListMigrations.Schema),
		}), func(migration *tenantry.Migration) string { return stateOf(migration) })
		return actual{"states": states}, err
	default:
		return nil, unfitf("the step has no operation")
	}
}

// in returns the reference of a database that a case names.
func (r *run) in(name string) string { return r.group + "/" + name }

func kindOf(name string) (tenantry.DatabaseKind, error) {
	if name == "" {
		return 0, nil
	}
	kind, known := tenantryv1.DatabaseKind_value["DATABASE_KIND_"+name]
	if !known {
		return 0, unfitf("there is no kind %q", name)
	}
	return tenantry.DatabaseKind(kind), nil
}

func stateOf(migration *tenantry.Migration) string {
	return strings.TrimPrefix(migration.GetState().String(), "MIGRATION_STATE_")
}

func databaseOf(database *tenantry.Database, err error) (actual, error) {
	if err != nil {
		return nil, err
	}
	labels := map[string]any{}
	for name, value := range database.GetLabels() {
		labels[name] = value
	}
	return actual{
		"name":         database.GetName(),
		"kind":         strings.TrimPrefix(database.GetKind().String(), "DATABASE_KIND_"),
		"schema":       database.GetSchema(),
		"generation":   float64(database.GetGeneration()),
		"allow_attach": database.GetAllowAttach(),
		"labels":       labels,
	}, nil
}

func (c *createDatabase) wanted() (*tenantry.Database, []tenantry.RequestOption, error) {
	kind, err := kindOf(c.Kind)
	var opts []tenantry.RequestOption
	if c.RequestID != "" {
		opts = append(opts, tenantry.WithRequestID(c.RequestID))
	}
	return &tenantry.Database{
		Name:        c.Name,
		Kind:        kind,
		Schema:      c.Schema,
		AllowAttach: c.AllowAttach,
		Labels:      c.Labels,
	}, opts, err
}

func (r *run) updateDatabase(ctx context.Context, client *tenantry.Client, u *updateDatabase) (actual, error) {
	var changes []tenantry.Change
	set := func(value *bool, change func(bool) tenantry.Change) {
		if value != nil {
			changes = append(changes, change(*value))
		}
	}
	set(u.Set.AllowAttach, tenantry.SetAllowAttach)
	set(u.Set.DeleteProtection, tenantry.SetDeleteProtection)
	set(u.Set.BlockReads, tenantry.SetBlockReads)
	set(u.Set.BlockWrites, tenantry.SetBlockWrites)
	if u.Set.Labels != nil {
		changes = append(changes, tenantry.SetLabels(u.Set.Labels))
	}
	return databaseOf(client.Databases.Update(ctx, r.in(u.Name), changes...))
}

func (r *run) createToken(ctx context.Context, client *tenantry.Client, c *createToken) error {
	request := &tenantry.CreateTokenRequest{}
	for _, name := range c.Databases {
		request.Databases = append(request.Databases, r.in(name))
	}
	for _, name := range c.Attach {
		request.Attach = append(request.Attach, r.in(name))
	}
	if c.Access != "" {
		access, known := tenantryv1.Access_value["ACCESS_"+c.Access]
		if !known {
			return unfitf("there is no access %q", c.Access)
		}
		request.Access = tenantryv1.Access(access)
	}
	if c.TTLMs > 0 {
		request.Lifetime = tenantry.TTL(time.Duration(c.TTLMs) * time.Millisecond)
	}
	token, info, err := client.Tokens.Create(ctx, request)
	if err == nil {
		r.kept[c.Save], r.kept[c.Save+"_id"] = token, info.GetId()
	}
	return err
}

func (r *run) migrate(ctx context.Context, client *tenantry.Client, m *migrate) (actual, error) {
	var progress []string
	opts := []tenantry.MigrateOption{tenantry.OnProgress(func(migration *tenantry.Migration) {
		progress = append(progress, stateOf(migration))
	})}
	switch m.WaitFor {
	case "", "COMMIT":
	case "APPLY":
		opts = append(opts, tenantry.WaitForApply())
	case "NOTHING":
		opts = append(opts, tenantry.WaitForNothing())
	default:
		return nil, unfitf("nobody waits for %q", m.WaitFor)
	}
	if m.ExpectedGeneration != nil {
		opts = append(opts, tenantry.ExpectedGeneration(*m.ExpectedGeneration))
	}
	if m.RequestID != "" {
		opts = append(opts, tenantry.MigrationRequestID(m.RequestID))
	}
	if m.ValidateOnly {
		report, err := client.Schema.Validate(ctx, r.in(m.Schema), m.SQL, opts...)
		if err != nil {
			return nil, err
		}
		failures := []any{}
		for _, failure := range report.GetFailures() {
			failures = append(failures, failure.GetDatabase())
		}
		return actual{
			"failures":   failures,
			"state":      stateOf(report.Migration),
			"generation": float64(report.Migration.GetGeneration()),
		}, nil
	}
	migration, err := client.Schema.Migrate(ctx, r.in(m.Schema), m.SQL, opts...)
	if err != nil {
		return nil, err
	}
	return actual{
		"state":      stateOf(migration),
		"generation": float64(migration.GetGeneration()),
		"progress":   len(progress) > 0 && progress[len(progress)-1] == stateOf(migration),
	}, nil
}
