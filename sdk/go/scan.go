package tenantry

import (
	"database/sql"
	"fmt"
	"reflect"
	"time"

	"google.golang.org/grpc/codes"
)

// timeLayouts are the forms of time that SQLite itself writes, and the one that
// this package binds.
var timeLayouts = []string{
	time.RFC3339Nano,
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04Z07:00",
	"2006-01-02 15:04Z07:00",
	"2006-01-02T15:04",
	"2006-01-02 15:04",
	"2006-01-02",
}

// Scan copies the cells into what the arguments point to, one for each column: the
// basic types, []byte, [time.Time] from ISO 8601 text, [Value], any, what
// implements [sql.Scanner], and pointers to pointers, which become nil for NULL.
// It converts nothing that would lose a part of the value.
func (r Row) Scan(targets ...any) error {
	if len(targets) != len(r.values) {
		return scanError("the row has %d columns, and Scan was given %d targets", len(r.values), len(targets))
	}
	for index, target := range targets {
		if err := r.values[index].Scan(target); err != nil {
			return scanError("the column %d, %q: %w", index, r.columns[index].Name, err)
		}
	}
	return nil
}

func scanError(format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: codes.InvalidArgument, Message: err.Error(), cause: err}
}

// Scan copies the cell into what target points to, as [Row.Scan] does.
func (v Value) Scan(target any) error {
	switch target := target.(type) {
	case *Value:
		*target = v
		return nil
	case *any:
		*target = v.Any()
		return nil
	case *int64:
		if v.kind == KindInteger {
			*target = v.Int64()
			return nil
		}
	case *string:
		if v.kind == KindText {
			*target = v.data
			return nil
		}
	case *float64:
		if v.kind == KindReal {
			*target = v.Float64()
			return nil
		}
	case *[]byte:
		switch v.kind {
		case KindBlob, KindText:
			*target = []byte(v.data)
			return nil
		case KindNull:
			*target = nil
			return nil
		}
	case *time.Time:
		if moment, ok := parseTime(v.Text()); ok {
			*target = moment
			return nil
		}
	case sql.Scanner:
		return target.Scan(v.Any())
	}
	return v.scanKind(target)
}

// scanKind sets types that are another name for a basic one, and pointers.
func (v Value) scanKind(target any) error {
	pointer := reflect.ValueOf(target)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return fmt.Errorf("the target is a %T, and must be a pointer", target)
	}
	place := pointer.Elem()
	switch {
	case place.Kind() == reflect.Pointer && v.IsNull():
		place.SetZero()
		return nil
	case place.Kind() == reflect.Pointer:
		fresh := reflect.New(place.Type().Elem())
		if err := v.Scan(fresh.Interface()); err != nil {
			return err
		}
		place.Set(fresh)
		return nil
	case v.kind == KindInteger && place.CanInt() && !place.OverflowInt(v.Int64()):
		place.SetInt(v.Int64())
		return nil
	case v.kind == KindInteger && place.CanUint() && v.Int64() >= 0 && !place.OverflowUint(v.bits):
		place.SetUint(v.bits)
		return nil
	case v.kind == KindInteger && place.Kind() == reflect.Bool && v.bits <= 1:
		place.SetBool(v.bits == 1)
		return nil
	case v.kind == KindInteger && place.CanFloat() && isExact(v.Int64()) && holds(place, float64(v.Int64())):
		place.SetFloat(float64(v.Int64()))
		return nil
	case v.kind == KindReal && place.CanFloat() && holds(place, v.Float64()):
		place.SetFloat(v.Float64())
		return nil
	case v.kind == KindText && place.Kind() == reflect.String:
		place.SetString(v.data)
		return nil
	}
	return fmt.Errorf("%s %s does not fit a %s", v.kind, v, place.Type())
}

// isExact tells whether a float64 can hold the integer.
func isExact(value int64) bool {
	const limit = 1 << 53
	return value >= -limit && value <= limit
}

// holds tells whether the float at this place can hold the number without rounding it.
func holds(place reflect.Value, number float64) bool {
	return place.Kind() == reflect.Float64 || float64(float32(number)) == number
}

// parseTime reads a time in one of the forms that SQLite writes; UTC where it names
// no zone.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if moment, err := time.Parse(layout, text); err == nil {
			return moment, true
		}
	}
	return time.Time{}, false
}
