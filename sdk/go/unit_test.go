package tenantry

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

func TestEndpoints(t *testing.T) {
	for endpoint, want := range map[string]struct {
		address   string
		plaintext bool
	}{
		"http://db.example:1":    {"db.example:1", true},
		"http://db.example:1/":   {"db.example:1", true},
		"https://127.0.0.1:1":    {"127.0.0.1:1", false},
		"127.0.0.1:1":            {"127.0.0.1:1", true},
		"[::1]:1":                {"[::1]:1", true},
		"localhost:1":            {"localhost:1", true},
		"db.example:1":           {"db.example:1", false},
		"10.0.0.1:1":             {"10.0.0.1:1", false},
		"localhost.example.:1":   {"localhost.example.:1", false},
		"https://[2001:db8::]:1": {"[2001:db8::]:1", false},
	} {
		address, plaintext, err := parseEndpoint(endpoint)
		if err != nil || address != want.address || plaintext != want.plaintext {
			t.Errorf("%s: %s %t %v", endpoint, address, plaintext, err)
		}
	}
	for _, endpoint := range []string{"", "db.example", "http://", "http://:1", "ftp://db.example:1", "http://a:1/path", "http://user@a:1", "a b:1"} {
		if _, err := New(endpoint); Code(err) != codes.InvalidArgument {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	for name, opts := range map[string][]Option{
		"TLS over plaintext": {WithCA([]byte("x"))},
		"no channels":        {WithChannels(0)},
	} {
		if _, err := New("http://127.0.0.1:1", opts...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := New("https://127.0.0.1:1", WithCA([]byte("x"))); err == nil {
		t.Error("a CA that is none was taken")
	}
}

type named string

func TestArguments(t *testing.T) {
	number, text := 7, named("x")
	var nothing *int
	moment := time.Date(2026, 1, 2, 4, 4, 5, 600, time.FixedZone("", 3600))
	for _, test := range []struct{ arg, want any }{
		{nil, nil}, {true, int64(1)}, {false, int64(0)}, {uint8(7), int64(7)}, {int32(-7), int64(-7)},
		{float32(0.5), 0.5}, {text, "x"}, {[]byte{1}, []byte{1}}, {[]byte(nil), nil}, {[]byte{}, []byte{}},
		{&number, int64(7)}, {nothing, nil}, {sql.NullString{}, nil}, {sql.NullInt64{Int64: 3, Valid: true}, int64(3)},
		{(*sql.NullInt64)(nil), nil}, {Value{kind: KindText, data: "y"}, "y"}, {uint64(math.MaxInt64), int64(math.MaxInt64)},
		{moment, "2026-01-02T03:04:05.0000006Z"},
	} {
		message, err := statement("", []any{test.arg})
		if err != nil {
			t.Errorf("%T: %v", test.arg, err)
			continue
		}
		wanted, err := bind(test.want)
		if err != nil || !proto.Equal(message.GetArgs()[0], wanted) {
			t.Errorf("%T %v became %v", test.arg, test.arg, message.GetArgs()[0])
		}
	}
	message, err := statement("", []any{1, sql.Named("a", 2), NamedArgs{"b": 3}})
	if err != nil || len(message.GetArgs()) != 1 || len(message.GetNamedArgs()) != 2 {
		t.Errorf("%v %v", message, err)
	}
	for _, args := range [][]any{{uint64(math.MaxInt64) + 1}, {struct{}{}}, {NamedArgs{"a": []int{1}}}, {make(chan int)},
		{"\xff"}, {named("\xff")}, {sql.Named("a", "\xff")}, {NamedArgs{"\xff": 1}}} {
		if _, err := statement("", args); Code(err) != codes.InvalidArgument {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestSQLThatIsNoText(t *testing.T) {
	const query = "SELECT '\xff'"
	f := &fake{}
	client := serve(t, f)
	db := client.Database("data")
	for name, call := range map[string]func() error{
		"Execute":  func() error { _, err := db.Execute(t.Context(), query); return err },
		"Query":    func() error { _, err := db.Query(t.Context(), query); return err },
		"Batch":    func() error { _, err := db.Batch(t.Context(), ReadOnly, SQL(query)); return err },
		"Describe": func() error { _, err := db.Describe(t.Context(), query); return err },
		"Migrate":  func() error { _, err := client.Schema.Migrate(t.Context(), "base", query); return err },
		"Validate": func() error { _, err := client.Schema.Validate(t.Context(), "base", query); return err },
	} {
		if err := call(); !errors.Is(err, ReasonInvalidArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestScan(t *testing.T) {
	columns := []Column{{Name: "i"}, {Name: "r"}, {Name: "t"}, {Name: "b"}, {Name: "n"}, {Name: "at"}}
	row := Row{columns: columns, values: []Value{
		{kind: KindInteger, bits: 1}, {kind: KindReal, bits: math.Float64bits(0.5)}, {kind: KindText, data: "x"},
		{kind: KindBlob, data: "y"}, {}, {kind: KindText, data: "2026-01-02 03:04:05"},
	}}
	var (
		yes     bool
		real    float32
		text    named
		blob    []byte
		nothing = new(string)
		at      time.Time
	)
	if err := row.Scan(&yes, &real, &text, &blob, &nothing, &at); err != nil {
		t.Fatal(err)
	}
	if !yes || real != 0.5 || text != "x" || string(blob) != "y" || nothing != nil || at != time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) {
		t.Error(yes, real, text, blob, nothing, at)
	}
	var (
		number  uint16
		pointer *string
		null    sql.NullString
		any     any
		value   Value
		float   float64
	)
	row.values[0].bits = 65535
	if err := row.Scan(&number, &any, &pointer, &value, &null, &any); err != nil || number != 65535 || *pointer != "x" || value.Kind() != KindBlob || null.Valid {
		t.Error(err, number, pointer, value, null)
	}
	for _, exact := range []Value{{kind: KindInteger, bits: 1 << 24}, {kind: KindReal, bits: math.Float64bits(math.Inf(1))}} {
		if err := exact.Scan(&real); err != nil {
			t.Error(err)
		}
	}
	var small int8
	for _, test := range []struct {
		value  Value
		target interface{}
	}{
		{Value{kind: KindInteger, bits: 128}, &small},
		{Value{kind: KindInteger, bits: 1<<53 + 1}, &float},
		{Value{kind: KindInteger, bits: 1<<24 + 1}, &real},
		{Value{kind: KindReal, bits: math.Float64bits(0.1)}, &real},
		{Value{kind: KindReal, bits: math.Float64bits(1e300)}, &real},
		{Value{}, &small}, {Value{}, &text}, {Value{kind: KindText, data: "7"}, &number},
		{Value{kind: KindReal, bits: math.Float64bits(1)}, &number}, {Value{}, small},
	} {
		if err := test.value.Scan(test.target); err == nil {
			t.Errorf("%s was scanned into a %T", test.value, test.target)
		}
	}
	if err := row.Scan(&number); err == nil {
		t.Error("too few targets were taken")
	}
}

func TestValues(t *testing.T) {
	for _, value := range []Value{{}, {kind: KindInteger, bits: 1}, {kind: KindReal}, {kind: KindText, data: "x"}, {kind: KindBlob, data: "x"}} {
		// Of one class alone a cell has a value.
		found := 0
		for _, here := range []bool{value.IsNull(), value.Int64() != 0, value.Float64() != 0 || value.Kind() == KindReal, value.Text() != "", value.Blob() != nil} {
			if here {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s %s", value.Kind(), value)
		}
	}
}

func TestBrokenChunks(t *testing.T) {
	columns := []Column{{Name: "a"}}
	for name, chunk := range map[string]*tenantryv1.ColumnChunk{
		"no columns":     {RowCount: 1},
		"too few types":  {RowCount: 2, Columns: []*tenantryv1.ColumnData{{Types: []byte{0}}}},
		"no integer":     {RowCount: 1, Columns: []*tenantryv1.ColumnData{{Types: []byte{1}}}},
		"no real":        {RowCount: 1, Columns: []*tenantryv1.ColumnData{{Types: []byte{2}}}},
		"no length":      {RowCount: 1, Columns: []*tenantryv1.ColumnData{{Types: []byte{3}}}},
		"no bytes":       {RowCount: 1, Columns: []*tenantryv1.ColumnData{{Types: []byte{4}, Lengths: []uint32{1}}}},
		"an unknown one": {RowCount: 1, Columns: []*tenantryv1.ColumnData{{Types: []byte{9}}}},
		"too many types": {RowCount: 1, Columns: []*tenantryv1.ColumnData{{Types: []byte{0, 0}}}},
		"an integer more": {RowCount: 1, Columns: []*tenantryv1.ColumnData{
			{Types: []byte{1}, Integers: []int64{1, 2}},
		}},
		"a real more":   {RowCount: 1, Columns: []*tenantryv1.ColumnData{{Types: []byte{0}, Reals: []float64{1}}}},
		"a length more": {RowCount: 1, Columns: []*tenantryv1.ColumnData{{Types: []byte{0}, Lengths: []uint32{0}}}},
		"a byte more": {RowCount: 1, Columns: []*tenantryv1.ColumnData{
			{Types: []byte{3}, Lengths: []uint32{1}, Data: []byte("xy")},
		}},
		"a byte of no row": {Columns: []*tenantryv1.ColumnData{{Data: []byte("x")}}},
	} {
		if _, err := decodeColumns(columns, chunk); Code(err) != codes.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows, err := decodeColumns(columns, &tenantryv1.ColumnChunk{Columns: []*tenantryv1.ColumnData{{}}}); err != nil || len(rows) != 0 {
		t.Errorf("an empty chunk: %v %v", rows, err)
	}
}

func TestErrors(t *testing.T) {
	told, err := status.New(codes.InvalidArgument, "no").WithDetails(
		&errdetails.ErrorInfo{Domain: domain, Reason: "LATER", Metadata: map[string]string{"a": "b"}},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "name", Description: "bad"}}},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)},
	)
	if err != nil {
		t.Fatal(err)
	}
	got := asError(told.Err())
	if !errors.Is(got, Reason("LATER")) || got.Metadata["a"] != "b" || got.Violations[0].Field != "name" || *got.RetryAfter != time.Second || !got.Retryable() {
		t.Errorf("it is %+v", got)
	}
	if status.Code(got) != codes.InvalidArgument || !strings.Contains(got.Error(), "LATER") {
		t.Errorf("it is %v", got)
	}
	for _, cause := range []error{context.Canceled, context.DeadlineExceeded} {
		if got := asError(cause); !errors.Is(got, cause) || got.Retryable() {
			t.Errorf("%v became %v", cause, got)
		}
	}
	other, err := status.New(codes.Unavailable, "no").WithDetails(&errdetails.ErrorInfo{Domain: "a proxy", Reason: "X"})
	if err != nil {
		t.Fatal(err)
	}
	if got := asError(other.Err()); got.Reason != "" || !got.Retryable() {
		t.Errorf("the error of another domain is %+v", got)
	}
}

func TestReasonsAreThoseOfTheServer(t *testing.T) {
	known := map[string]bool{}
	for _, reason := range allReasons {
		known[string(reason)] = true
	}
	for name := range tenantryv1.ErrorReason_value {
		name = strings.TrimPrefix(name, "ERROR_REASON_")
		if name != "UNSPECIFIED" && !known[name] {
			t.Errorf("%s has no constant", name)
		}
	}
	if len(known) != len(tenantryv1.ErrorReason_value)-1 {
		t.Errorf("there are %d constants", len(known))
	}
}

func TestBackoffIsBounded(t *testing.T) {
	policy := defaults().retry
	for attempts := 1; attempts < 100; attempts++ {
		if wait := policy.backoff(attempts); wait < 0 || wait >= policy.MaxBackoff {
			t.Errorf("after %d attempts the wait is %s", attempts, wait)
		}
	}
	if wait := (RetryPolicy{}).backoff(3); wait != 0 {
		t.Errorf("without a policy the wait is %s", wait)
	}
}
