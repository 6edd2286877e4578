package tenantry

import (
	"time"

	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

// Column is a column of a result.
type Column struct {
	// Name is the column's name, or what SQLite calls the expression.
	Name string
	// DeclaredType is the type that the table declares, as written there; empty
	// for an expression.
	DeclaredType string
}

// Stats is what a statement cost.
type Stats struct {
	// RowsRead counts the rows that it returned.
	RowsRead uint64
	// RowsWritten counts the rows inserted, updated or deleted, also by triggers
	// and foreign keys.
	RowsWritten uint64
	// Duration is the time spent in SQLite.
	Duration time.Duration
}

// Row is a row of a result. Where several columns have one name, the first of them
// is found by it; each is found by its position.
type Row struct {
	columns []Column
	values  []Value
}

// Len returns the number of columns.
func (r Row) Len() int { return len(r.values) }

// At returns the cell of a column by its position, from 0.
func (r Row) At(index int) Value { return r.values[index] }

// Get returns the cell of the first column of this name. A row has no such column
// if ok is false.
func (r Row) Get(name string) (value Value, ok bool) {
	for index, column := range r.columns {
		if column.Name == name {
			return r.values[index], true
		}
	}
	return Value{}, false
}

// Map returns the cells by name, of several with one name the first.
func (r Row) Map() map[string]any {
	result := make(map[string]any, len(r.values))
	for index := len(r.values) - 1; index >= 0; index-- {
		result[r.columns[index].Name] = r.values[index].Any()
	}
	return result
}

// ResultSet is the whole result of one statement.
type ResultSet struct {
	// Columns is empty for a statement that returns no rows.
	Columns []Column
	// Rows stand in the order that SQLite gave them.
	Rows []Row
	// RowsAffected counts the rows that the statement itself inserted, updated
	// or deleted.
	RowsAffected int64
	// LastInsertID is the rowid of the last row that the request inserted; 0
	// when it inserted none.
	LastInsertID int64
	// Stats is what the statement cost.
	Stats Stats
}

// Result is what [DB.Execute] answers. What it embeds is the result of the last
// statement; it is empty where there was no statement.
type Result struct {
	ResultSet
	// Results has one entry per statement, in order.
	Results []ResultSet
	// Generation is the one that the statements ran on; 0 of a REGULAR database.
	Generation uint64
}

// StepResult is what became of one step of a batch.
type StepResult struct {
	// ResultSet is the result of a step that ran and succeeded.
	ResultSet
	// Err is why the step failed, where the condition of a later step refers to
	// it; any other failure fails the whole batch.
	Err error
	// Skipped says that the condition of the step did not hold.
	Skipped bool
}

// BatchResult is what [DB.Batch] answers.
type BatchResult struct {
	// Results has one entry per step, in order.
	Results []StepResult
	// Generation is the one that the steps ran on; 0 of a REGULAR database.
	Generation uint64
}

func columnsOf(messages []*tenantryv1.Column) []Column {
	result := make([]Column, len(messages))
	for index, message := range messages {
		result[index] = Column{Name: message.GetName(), DeclaredType: message.GetDeclaredType()}
	}
	return result
}

func statsOf(message *tenantryv1.ResultStats) Stats {
	return Stats{
		RowsRead:    message.GetRowsRead(),
		RowsWritten: message.GetRowsWritten(),
		Duration:    message.GetDuration().AsDuration(),
	}
}

// rowsOf decodes rows cell by cell, into one piece of memory for all of them.
func rowsOf(columns []Column, messages []*tenantryv1.Row) []Row {
	cells := make([]Value, 0, len(messages)*len(columns))
	result := make([]Row, len(messages))
	for index, message := range messages {
		first := len(cells)
		for _, value := range message.GetValues() {
			cells = append(cells, valueOf(value))
		}
		result[index] = Row{columns: columns, values: cells[first:len(cells):len(cells)]}
	}
	return result
}

func resultSetOf(message *tenantryv1.ResultSet) ResultSet {
	columns := columnsOf(message.GetColumns())
	return ResultSet{
		Columns:      columns,
		Rows:         rowsOf(columns, message.GetRows()),
		RowsAffected: int64(message.GetAffectedRowCount()),
		LastInsertID: message.GetLastInsertRowid(),
		Stats:        statsOf(message.GetStats()),
	}
}

func resultOf(messages []*tenantryv1.ResultSet, generation uint64) *Result {
	result := &Result{Results: make([]ResultSet, len(messages)), Generation: generation}
	for index, message := range messages {
		result.Results[index] = resultSetOf(message)
	}
	if len(result.Results) > 0 {
		result.ResultSet = result.Results[len(result.Results)-1]
	}
	return result
}
