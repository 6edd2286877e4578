// Package sqlc uses database/sql as the code does that sqlc generates: a Queries
// struct over a DBTX, which is a database, a transaction, or prepared statements.
package sqlc

import (
	"context"
	"database/sql"
	"time"
)

// DBTX is what sqlc asks of a database.
type DBTX interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	PrepareContext(context.Context, string) (*sql.Stmt, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// Queries has a method for every query.
type Queries struct{ db DBTX }

// New returns the queries of a database or a transaction.
func New(db DBTX) *Queries { return &Queries{db: db} }

// WithTx returns the same queries in a transaction.
func (q *Queries) WithTx(tx *sql.Tx) *Queries { return &Queries{db: tx} }

// Author is a row of the table authors.
type Author struct {
	ID      int64
	Name    string
	Bio     sql.NullString
	Rating  sql.NullFloat64
	Active  bool
	Photo   []byte
	Created time.Time
}

const createAuthor = `-- name: CreateAuthor :one
INSERT INTO authors (name, bio, rating, active, photo) VALUES (?, ?, ?, ?, ?)
RETURNING id, name, bio, rating, active, photo, created`

// CreateAuthorParams are the arguments of CreateAuthor.
type CreateAuthorParams struct {
	Name   string
	Bio    sql.NullString
	Rating sql.NullFloat64
	Active bool
	Photo  []byte
}

// CreateAuthor inserts an author.
func (q *Queries) CreateAuthor(ctx context.Context, arg CreateAuthorParams) (Author, error) {
	row := q.db.QueryRowContext(ctx, createAuthor, arg.Name, arg.Bio, arg.Rating, arg.Active, arg.Photo)
	var i Author
	err := row.Scan(&i.ID, &i.Name, &i.Bio, &i.Rating, &i.Active, &i.Photo, &i.Created)
	return i, err
}

const getAuthor = `-- name: GetAuthor :one
SELECT id, name, bio, rating, active, photo, created FROM authors WHERE id = ? LIMIT 1`

// GetAuthor returns an author.
func (q *Queries) GetAuthor(ctx context.Context, id int64) (Author, error) {
	row := q.db.QueryRowContext(ctx, getAuthor, id)
	var i Author
	err := row.Scan(&i.ID, &i.Name, &i.Bio, &i.Rating, &i.Active, &i.Photo, &i.Created)
	return i, err
}

const listAuthors = `-- name: ListAuthors :many
SELECT id, name, bio, rating, active, photo, created FROM authors ORDER BY name`

// ListAuthors returns all authors.
func (q *Queries) ListAuthors(ctx context.Context) ([]Author, error) {
	rows, err := q.db.QueryContext(ctx, listAuthors)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var items []Author
	for rows.Next() {
		var i Author
		if err := rows.Scan(&i.ID, &i.Name, &i.Bio, &i.Rating, &i.Active, &i.Photo, &i.Created); err != nil {
			return nil, err
		}
		items = append(items, i)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return items, nil
}

const renameAuthor = `-- name: RenameAuthor :execrows
UPDATE authors SET name = @name WHERE id = @id`

// RenameAuthor renames an author, and tells how many there were.
func (q *Queries) RenameAuthor(ctx context.Context, id int64, name string) (int64, error) {
	result, err := q.db.ExecContext(ctx, renameAuthor, sql.Named("name", name), sql.Named("id", id))
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

const addAuthor = `-- name: AddAuthor :execlastid
INSERT INTO authors (name) VALUES (?)`

// AddAuthor inserts an author by name, and returns the id.
func (q *Queries) AddAuthor(ctx context.Context, name string) (int64, error) {
	result, err := q.db.ExecContext(ctx, addAuthor, name)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}
