package conformance

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	tenantry "github.com/tenantry/tenantry/sdk/go"
)

// actual is what an operation answered, in the words of `expect`.
type actual map[string]any

// unfit is a case that does not hold, or is not understood: no error that a step
// could expect.
type unfit struct{ message string }

func (u *unfit) Error() string { return u.message }

func unfitf(format string, args ...any) error {
	return &unfit{fmt.Sprintf(format, args...)}
}

// cell is a value of a case.
type cell struct{ value any }

func (c *cell) UnmarshalJSON(text []byte) error {
	var written *string
	if err := json.Unmarshal(text, &written); err != nil || written == nil {
		return err
	}
	class, rest, _ := strings.Cut(*written, ":")
	var err error
	switch class {
	case "i":
		c.value, err = strconv.ParseInt(rest, 10, 64)
	case "r":
		c.value, err = strconv.ParseFloat(rest, 64)
	case "t":
		c.value = rest
	case "b":
		c.value, err = hex.DecodeString(rest)
	default:
		err = unfitf("%q is no value", *written)
	}
	return err
}

// canonical writes a value so that two are equal when their texts are.
func canonical(value any) any {
	switch value := value.(type) {
	case int64:
		return fmt.Sprintf("i:%d", value)
	case float64:
		return fmt.Sprintf("r:%g (%x)", value, math.Float64bits(value))
	case string:
		return "t:" + value
	case []byte:
		return "b:" + hex.EncodeToString(value)
	default:
		return nil
	}
}

// canonicalTree does the same with the values that a case expects.
func canonicalTree(tree any) (any, error) {
	switch tree := tree.(type) {
	case []any:
		result := make([]any, len(tree))
		for index, item := range tree {
			var err error
			if result[index], err = canonicalTree(item); err != nil {
				return nil, err
			}
		}
		return result, nil
	case map[string]any:
		result := make(map[string]any, len(tree))
		for name, item := range tree {
			var err error
			if result[name], err = canonicalTree(item); err != nil {
				return nil, err
			}
		}
		return result, nil
	default:
		var value cell
		if err := decode(tree, &value); err != nil {
			return nil, err
		}
		return canonical(value.value), nil
	}
}

func rowOf(row tenantry.Row) []any {
	cells := make([]any, row.Len())
	for index := range cells {
		cells[index] = canonical(row.At(index).Any())
	}
	return cells
}

func firstOf(row tenantry.Row, columns []tenantry.Column) map[string]any {
	result := make(map[string]any)
	for _, column := range columns {
		value, _ := row.Get(column.Name)
		result[column.Name] = canonical(value.Any())
	}
	return result
}

func namesOf(columns []tenantry.Column) []any {
	names := make([]any, len(columns))
	for index, column := range columns {
		names[index] = column.Name
	}
	return names
}

func resultSetOf(result *tenantry.ResultSet) actual {
	rows := make([]any, len(result.Rows))
	for index, row := range result.Rows {
		rows[index] = rowOf(row)
	}
	told := actual{
		"columns":            namesOf(result.Columns),
		"rows":               rows,
		"affected_row_count": float64(result.RowsAffected),
		"last_insert_rowid":  float64(result.LastInsertID),
	}
	if len(result.Rows) > 0 {
		told["first"] = firstOf(result.Rows[0], result.Columns)
	}
	return told
}

func resultOf(result *tenantry.Result) actual {
	told := resultSetOf(&result.ResultSet)
	results := make([]any, len(result.Results))
	for index := range result.Results {
		results[index] = resultSetOf(&result.Results[index])
	}
	told["results"] = results
	told["generation"] = float64(result.Generation)
	return told
}

// compare holds what a step expects against what was told.
func compare(where string, expected map[string]any, told actual) error {
	for name, want := range expected {
		have, known := told[name]
		where := where + name
		if !known {
			return unfitf("%s: nothing is known of it", where)
		}
		var err error
		switch name {
		case "results":
			err = compareResults(where, want, have)
			if err != nil {
				return err
			}
			continue
		case "rows", "last_row":
			want, err = canonicalTree(want)
		case "first":
			want, err = canonicalTree(want)
			if wanted, ok := want.(map[string]any); ok && err == nil {
				if err := compare(where+".", wanted, have.(map[string]any)); err != nil {
					return err
				}
				continue
			}
		case "failures":
			want, have = sorted(want), sorted(have)
		case "sql":
			if strings.Contains(have.(string), want.(string)) {
				continue
			}
		}
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(want, have) {
			return unfitf("%s: expected %v, got %v", where, want, have)
		}
	}
	return nil
}

func compareResults(where string, want, have any) error {
	wanted, ok := want.([]any)
	results := have.([]any)
	if !ok || len(wanted) != len(results) {
		return unfitf("%s: expected %v, got %v", where, want, have)
	}
	for index, result := range results {
		one, ok := wanted[index].(map[string]any)
		if !ok {
			return unfitf("%s: %v is no result", where, wanted[index])
		}
		if err := compare(fmt.Sprintf("%s[%d].", where, index), one, result.(actual)); err != nil {
			return err
		}
	}
	return nil
}

func sorted(list any) []string {
	items, _ := list.([]any)
	result := make([]string, len(items))
	for index, item := range items {
		result[index] = fmt.Sprint(item)
	}
	slices.Sort(result)
	return result
}

// wantedError is what a step wants of its error.
type wantedError struct {
	Code      *codes.Code
	Reason    *string
	Metadata  map[string]string
	Retryable *bool
	Message   string
}

func (w *wantedError) compare(err error) error {
	var told *tenantry.Error
	if !errors.As(err, &told) {
		return unfitf("expected an error of the SDK, got %v", err)
	}
	switch {
	case w.Code != nil && *w.Code != told.Code:
		return unfitf("expected the code %s, got %s: %v", w.Code, told.Code, told)
	case w.Reason != nil && *w.Reason != string(told.Reason):
		return unfitf("expected the reason %s, got %v", *w.Reason, told)
	case w.Retryable != nil && *w.Retryable != told.Retryable():
		return unfitf("expected retryable to be %t of %v", *w.Retryable, told)
	case !strings.Contains(told.Message, w.Message):
		return unfitf("expected %q in the message of %v", w.Message, told)
	}
	for name, value := range w.Metadata {
		if told.Metadata[name] != value {
			return unfitf("expected the metadata %s=%s of %v, got %v", name, value, told, told.Metadata)
		}
	}
	return nil
}
