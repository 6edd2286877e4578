// Package sqldriver is a driver for database/sql. Importing it registers the driver
// `tenantry`:
//
//	import _ "github.com/tenantry/tenantry/sdk/go/sqldriver"
//
//	db, err := sql.Open("tenantry", "tenantry://127.0.0.1:50051/b2b/acme?token=…")
//
// A program that has a client already gives it to the driver with [NewConnector]:
//
//	db := sql.OpenDB(sqldriver.NewConnector(client.Database("b2b/acme")))
//
// A connection of database/sql holds nothing on the server outside of a transaction.
// Errors are those of package tenantry: ask them with errors.Is and errors.As.
package sqldriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"os"
	"strings"

	tenantry "github.com/tenantry/tenantry/sdk/go"
)

// Name is the name that the driver is registered by.
const Name = "tenantry"

func init() { sql.Register(Name, Driver{}) }

// Driver opens databases by a data source name:
//
//	tenantry://HOST:PORT/GROUP/NAME?token=…&attach=GROUP/NAME
//
// Its parameters are
//
//	token       the token
//	tls         `true` or `false`; without it TLS is used unless HOST is loopback
//	ca          a file with the certificate authorities to trust, in PEM
//	attach      a database to attach, as GROUP/NAME or GROUP/NAME=ALIAS; may be repeated
//	mode        how transactions start that may write: `immediate` (the default) or `deferred`
type Driver struct{}

// Open returns a connection.
func (d Driver) Open(name string) (driver.Conn, error) {
	connector, err := d.OpenConnector(name)
	if err != nil {
		return nil, err
	}
	return connector.Connect(context.Background())
}

// OpenConnector reads a data source name, and makes the client that all of its
// connections share.
func (d Driver) OpenConnector(name string) (driver.Connector, error) {
	source, err := parse(name)
	if err != nil {
		return nil, fmt.Errorf("tenantry: the data source name: %w", err)
	}
	client, err := tenantry.New(source.endpoint, source.options...)
	if err != nil {
		return nil, err
	}
	connector := NewConnector(client.Database(source.database, source.settings...), source.mode)
	connector.owned = client
	return connector, nil
}

// source is what a data source name tells.
type source struct {
	endpoint string
	database string
	options  []tenantry.Option
	settings []tenantry.Setting
	mode     Option
}

func parse(name string) (*source, error) {
	// An error of url.Parse would show the token.
	address, parameters, _ := strings.Cut(name, "?")
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if parsed.Scheme != Name || parsed.User != nil || parsed.Fragment != "" {
		return nil, fmt.Errorf("it must be %s://HOST:PORT/GROUP/NAME?token=…", Name)
	}
	result := &source{
		endpoint: parsed.Host,
		database: strings.Trim(parsed.Path, "/"),
		mode:     WriteMode(tenantry.Immediate),
	}
	if result.database == "" {
		return nil, fmt.Errorf("it names no database: %s://HOST:PORT/GROUP/NAME", Name)
	}
	values, err := url.ParseQuery(parameters)
	if err != nil {
		return nil, fmt.Errorf("its parameters cannot be read")
	}
	for key, all := range values {
		for _, value := range all {
			if err := result.set(key, value); err != nil {
				return nil, err
			}
		}
	}
	return result, nil
}

func (s *source) set(key, value string) error {
	switch key {
	case "token":
		s.options = append(s.options, tenantry.WithToken(value))
	case "tls":
		schemes := map[string]string{"true": "https://", "false": "http://"}
		scheme, known := schemes[value]
		if !known {
			return fmt.Errorf("tls must be true or false")
		}
		s.endpoint = scheme + s.endpoint
	case "ca":
		pem, err := os.ReadFile(value)
		if err != nil {
			return err
		}
		s.options = append(s.options, tenantry.WithCA(pem))
	case "attach":
		database, alias, _ := strings.Cut(value, "=")
		s.settings = append(s.settings, tenantry.AttachAs(database, alias))
	case "mode":
		modes := map[string]tenantry.Mode{"immediate": tenantry.Immediate, "deferred": tenantry.Deferred}
		mode, known := modes[value]
		if !known {
			return fmt.Errorf("mode must be immediate or deferred")
		}
		s.mode = WriteMode(mode)
	default:
		return fmt.Errorf("it has no parameter %q", key)
	}
	return nil
}

// Connector gives connections to one database, through one client.
type Connector struct {
	db   *tenantry.DB
	mode tenantry.Mode
	// owned is the client that was made for this connector alone.
	owned *tenantry.Client
}

// Option changes how a [Connector] works.
type Option func(*Connector)

// WriteMode sets how transactions start that may write. Default:
// [tenantry.Immediate], which waits for its turn at once and so never fails with
// [tenantry.ReasonBusy] later, since database/sql runs no transaction again.
func WriteMode(mode tenantry.Mode) Option {
	return func(c *Connector) { c.mode = mode }
}

// NewConnector makes a connector for [sql.OpenDB]. The client behind db stays the
// caller's to close.
func NewConnector(db *tenantry.DB, opts ...Option) *Connector {
	result := &Connector{db: db, mode: tenantry.Immediate}
	for _, opt := range opts {
		opt(result)
	}
	return result
}

// Connect returns a connection. It asks nothing of the server.
func (c *Connector) Connect(context.Context) (driver.Conn, error) {
	return &conn{connector: c}, nil
}

// Driver returns the driver.
func (c *Connector) Driver() driver.Driver { return Driver{} }

// Close closes the client where it was made from a data source name; database/sql
// calls it when the database is closed.
func (c *Connector) Close() error {
	if c.owned == nil {
		return nil
	}
	return c.owned.Close()
}
