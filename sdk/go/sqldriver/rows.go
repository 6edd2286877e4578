package sqldriver

import (
	"database/sql/driver"
	"io"
	"reflect"
	"strings"
	"time"

	tenantry "github.com/tenantry/tenantry/sdk/go"
)

// rowSource gives rows: a stream, or what a transaction has answered.
type rowSource interface {
	Next() bool
	Row() tenantry.Row
	Err() error
	Close()
}

// kept is a source that was read already.
type kept struct {
	rows []tenantry.Row
	next int
}

func (k *kept) Next() bool {
	k.next++
	return k.next <= len(k.rows)
}

func (k *kept) Row() tenantry.Row { return k.rows[k.next-1] }
func (k *kept) Err() error        { return nil }
func (k *kept) Close()            { k.rows = nil }

type rows struct {
	columns []tenantry.Column
	// isTime tells the columns whose text is a time: those declared DATE,
	// DATETIME or TIMESTAMP, as SQLite itself has no such class.
	isTime []bool
	source rowSource
}

var (
	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
)

func newRows(columns []tenantry.Column, source rowSource) *rows {
	result := &rows{columns: columns, isTime: make([]bool, len(columns)), source: source}
	for index := range columns {
		switch result.ColumnTypeDatabaseTypeName(index) {
		case "DATE", "DATETIME", "TIMESTAMP":
			result.isTime[index] = true
		}
	}
	return result
}

func (r *rows) Columns() []string {
	names := make([]string, len(r.columns))
	for index, column := range r.columns {
		names[index] = column.Name
	}
	return names
}

func (r *rows) Close() error {
	r.source.Close()
	return nil
}

func (r *rows) Next(into []driver.Value) error {
	if !r.source.Next() {
		if err := r.source.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	row := r.source.Row()
	for index := range into {
		value := row.At(index)
		into[index] = value.Any()
		if r.isTime[index] {
			var moment time.Time
			if value.Scan(&moment) == nil {
				into[index] = moment
			}
		}
	}
	return nil
}

// ColumnTypeDatabaseTypeName returns the declared type in upper case, without its
// length; empty for an expression.
func (r *rows) ColumnTypeDatabaseTypeName(index int) string {
	name, _, _ := strings.Cut(r.columns[index].DeclaredType, "(")
	return strings.ToUpper(strings.TrimSpace(name))
}

// ColumnTypeScanType guesses by the rules of SQLite's affinity: a cell may be of
// another class than its column.
func (r *rows) ColumnTypeScanType(index int) reflect.Type {
	name := r.ColumnTypeDatabaseTypeName(index)
	switch {
	case r.isTime[index]:
		return reflect.TypeFor[time.Time]()
	case strings.Contains(name, "INT"):
		return reflect.TypeFor[int64]()
	case strings.Contains(name, "CHAR"), strings.Contains(name, "CLOB"), strings.Contains(name, "TEXT"):
		return reflect.TypeFor[string]()
	case strings.Contains(name, "BLOB"):
		return reflect.TypeFor[[]byte]()
	case strings.Contains(name, "REAL"), strings.Contains(name, "FLOA"), strings.Contains(name, "DOUB"):
		return reflect.TypeFor[float64]()
	default:
		return reflect.TypeFor[any]()
	}
}
