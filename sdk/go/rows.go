package tenantry

import (
	"context"
	"iter"
	"math"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

// Encoding is how a stream carries its rows.
type Encoding int32

const (
	// Columns carries them column by column, packed: fast to read.
	Columns = Encoding(tenantryv1.Encoding_ENCODING_COLUMNS)
	// RowWise carries them row by row.
	RowWise = Encoding(tenantryv1.Encoding_ENCODING_ROWS)
)

// Rows is a stream of rows. It is read as far as its reader goes: the server waits
// when nobody takes them. Read it to its end or close it.
type Rows struct {
	client *Client
	stream grpc.ServerStreamingClient[tenantryv1.QueryResponse]
	cancel context.CancelFunc

	columns    []Column
	generation uint64
	summary    *tenantryv1.QuerySummary

	chunk []Row
	next  int
	err   error
}

// Query runs one statement, which must be read-only or return rows, and streams
// what it answers. It returns when the columns are known. The stream lives as long
// as ctx does.
func (db *DB) Query(ctx context.Context, query string, args ...any) (*Rows, error) {
	message, err := statement(query, args)
	if err != nil {
		return nil, err
	}
	request := &tenantryv1.QueryRequest{
		Database:      db.name,
		Statement:     message,
		Attachments:   db.settings.attachments,
		Encoding:      tenantryv1.Encoding(db.settings.encoding),
		MinGeneration: db.settings.minGeneration,
	}
	rows := &Rows{client: db.client}
	ctx, rows.cancel = context.WithCancel(ctx)
	err = db.client.attempt(ctx, db.settings.idempotent, func() error {
		stream, err := db.client.queries.Query(ctx, request)
		if err != nil {
			return err
		}
		first, err := stream.Recv()
		if err != nil {
			return err
		}
		header := first.GetHeader()
		if header == nil {
			return &Error{Code: codes.Internal, Message: "the server sent a stream that does not begin with its columns"}
		}
		rows.stream = stream
		rows.columns = columnsOf(header.GetColumns())
		rows.generation = header.GetGeneration()
		return nil
	})
	if err != nil {
		rows.cancel()
		return nil, err
	}
	return rows, nil
}

// Columns returns the columns of every row.
func (r *Rows) Columns() []Column { return r.columns }

// Generation returns the one that the statement runs on; 0 of a REGULAR database.
func (r *Rows) Generation() uint64 { return r.generation }

// All yields the rows, and in the end the error that cut the stream, if one did. It
// closes the stream when the loop is left.
func (r *Rows) All() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		defer r.Close()
		for r.Next() {
			if !yield(r.Row(), nil) {
				return
			}
		}
		if r.err != nil {
			yield(Row{}, r.err)
		}
	}
}

// Next takes the next row. It answers false behind the last one, and where the
// stream was cut: see Err.
func (r *Rows) Next() bool {
	r.next++
	for r.next >= len(r.chunk) {
		if !r.receive() {
			return false
		}
	}
	return true
}

// Row returns the row that Next took. It stays valid, and keeps in memory those
// that came with it.
func (r *Rows) Row() Row { return r.chunk[r.next] }

// Err returns what cut the stream; nil when it came to its end or was closed.
func (r *Rows) Err() error { return r.err }

// Close ends the stream, whatever is left of it.
func (r *Rows) Close() {
	r.cancel()
	r.chunk, r.next, r.stream = nil, 0, nil
}

// Complete tells whether the stream came to its end. Until then what follows is 0.
func (r *Rows) Complete() bool { return r.summary != nil }

// RowsAffected counts the rows that the statement itself inserted, updated or
// deleted.
func (r *Rows) RowsAffected() int64 { return int64(r.summary.GetAffectedRowCount()) }

// LastInsertID returns the rowid of the last row that the statement inserted.
func (r *Rows) LastInsertID() int64 { return r.summary.GetLastInsertRowid() }

// Stats returns what the statement cost.
func (r *Rows) Stats() Stats { return statsOf(r.summary.GetStats()) }

// receive takes the next chunk; it answers false when there is none.
func (r *Rows) receive() bool {
	if r.stream == nil {
		return false
	}
	response, err := r.stream.Recv()
	if err != nil {
		r.Close()
		r.err = r.client.transport.translate(err)
		return false
	}
	// What a later server may add to the stream is no row.
	r.chunk, r.next = nil, 0
	switch part := response.GetPart().(type) {
	case *tenantryv1.QueryResponse_Columns:
		r.chunk, err = decodeColumns(r.columns, part.Columns)
	case *tenantryv1.QueryResponse_Rows:
		r.chunk, err = decodeRows(r.columns, part.Rows.GetRows())
	case *tenantryv1.QueryResponse_Summary:
		r.summary = part.Summary
		// The end of the call is on its way; leaving before it would look like
		// a cancellation to the server.
		_, _ = r.stream.Recv()
		r.Close()
		return false
	}
	if err != nil {
		r.Close()
		r.err = err
	}
	return err == nil
}

// decodeRows turns a chunk of rows into those that a reader gets.
func decodeRows(columns []Column, messages []*tenantryv1.Row) ([]Row, error) {
	for _, message := range messages {
		if len(message.GetValues()) != len(columns) {
			return nil, brokenChunk()
		}
	}
	return rowsOf(columns, messages), nil
}

// decodeColumns turns a chunk of columns into rows, all of them in one piece of
// memory. The texts of a column share one string.
func decodeColumns(columns []Column, chunk *tenantryv1.ColumnChunk) ([]Row, error) {
	count, width := int(chunk.GetRowCount()), len(columns)
	if len(chunk.GetColumns()) != width || width == 0 {
		return nil, brokenChunk()
	}
	for _, column := range chunk.GetColumns() {
		if len(column.GetTypes()) != count {
			return nil, brokenChunk()
		}
	}
	cells := make([]Value, count*width)
	for index, column := range chunk.GetColumns() {
		if !decodeColumn(cells, index, width, column) {
			return nil, brokenChunk()
		}
	}
	rows := make([]Row, count)
	for index := range rows {
		first := index * width
		rows[index] = Row{columns: columns, values: cells[first : first+width : first+width]}
	}
	return rows, nil
}

// decodeColumn fills every cell that lies a row's width from the one before, from the
// first one on. It answers false unless the lists hold what the types say, and no more.
func decodeColumn(cells []Value, first, width int, column *tenantryv1.ColumnData) bool {
	integers, reals, lengths := column.GetIntegers(), column.GetReals(), column.GetLengths()
	data := string(column.GetData())
	for index, class := range column.GetTypes() {
		cell := &cells[first+index*width]
		switch Kind(class) {
		case KindNull:
		case KindInteger:
			if len(integers) == 0 {
				return false
			}
			*cell = Value{kind: KindInteger, bits: uint64(integers[0])}
			integers = integers[1:]
		case KindReal:
			if len(reals) == 0 {
				return false
			}
			*cell = Value{kind: KindReal, bits: math.Float64bits(reals[0])}
			reals = reals[1:]
		case KindText, KindBlob:
			if len(lengths) == 0 || uint64(lengths[0]) > uint64(len(data)) {
				return false
			}
			*cell = Value{kind: Kind(class), data: data[:lengths[0]]}
			data, lengths = data[lengths[0]:], lengths[1:]
		default:
			return false
		}
	}
	return len(integers)+len(reals)+len(lengths)+len(data) == 0
}

func brokenChunk() *Error {
	return &Error{Code: codes.Internal, Message: "the server sent rows that do not fit their columns"}
}
