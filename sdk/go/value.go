package tenantry

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"

	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

// Kind is the storage class of a [Value].
type Kind uint8

// The storage classes of SQLite, numbered as the columns of a stream number them.
const (
	KindNull Kind = iota
	KindInteger
	KindReal
	KindText
	KindBlob
)

// String returns the name that SQLite's typeof() has for the class.
func (k Kind) String() string {
	switch k {
	case KindInteger:
		return "integer"
	case KindReal:
		return "real"
	case KindText:
		return "text"
	case KindBlob:
		return "blob"
	default:
		return "null"
	}
}

// Value is one cell of a result. The zero value is NULL.
//
// A cell is no interface, so that a row of a million costs no allocation of its
// own. The methods named like a type answer its zero value when the cell is of
// another class; nothing is converted.
type Value struct {
	kind Kind
	bits uint64 // of an integer or a real
	data string // of a text or a blob
}

// Kind returns the storage class.
func (v Value) Kind() Kind { return v.kind }

// IsNull tells whether the cell is NULL.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Int64 returns an INTEGER.
func (v Value) Int64() int64 {
	if v.kind != KindInteger {
		return 0
	}
	return int64(v.bits)
}

// Float64 returns a REAL.
func (v Value) Float64() float64 {
	if v.kind != KindReal {
		return 0
	}
	return math.Float64frombits(v.bits)
}

// Text returns a TEXT.
func (v Value) Text() string {
	if v.kind != KindText {
		return ""
	}
	return v.data
}

// Blob returns a copy of a BLOB. TEXT that is not valid UTF-8 comes as one too.
func (v Value) Blob() []byte {
	if v.kind != KindBlob {
		return nil
	}
	return []byte(v.data)
}

// Any returns the cell as nil, int64, float64, string or []byte.
func (v Value) Any() any {
	switch v.kind {
	case KindInteger:
		return v.Int64()
	case KindReal:
		return v.Float64()
	case KindText:
		return v.data
	case KindBlob:
		return v.Blob()
	default:
		return nil
	}
}

// String returns the cell for people to read.
func (v Value) String() string {
	switch v.kind {
	case KindText:
		return v.data
	case KindBlob:
		return fmt.Sprintf("x'%x'", v.data)
	case KindNull:
		return "NULL"
	default:
		return fmt.Sprint(v.Any())
	}
}

// valueOf makes a cell of one that came in a message.
func valueOf(value *tenantryv1.Value) Value {
	switch kind := value.GetKind().(type) {
	case *tenantryv1.Value_Integer:
		return Value{kind: KindInteger, bits: uint64(kind.Integer)}
	case *tenantryv1.Value_Real:
		return Value{kind: KindReal, bits: math.Float64bits(kind.Real)}
	case *tenantryv1.Value_Text:
		return Value{kind: KindText, data: kind.Text}
	case *tenantryv1.Value_Blob:
		return Value{kind: KindBlob, data: string(kind.Blob)}
	default:
		return Value{}
	}
}

// NamedArgs are arguments for the parameters :name, @name and $name, by name
// without the sigil. It stands as one argument among the others, as
// [sql.Named] does for a single one.
type NamedArgs map[string]any

// statement puts SQL and arguments into a message.
func statement(query string, args []any) (*tenantryv1.Statement, error) {
	if err := checkSQL(query); err != nil {
		return nil, err
	}
	message := &tenantryv1.Statement{Sql: query}
	name := func(name string, arg any) error {
		if !utf8.ValidString(name) {
			return invalidArgument("the name %q of an argument is not valid UTF-8", name)
		}
		value, err := bind(arg)
		if err != nil {
			return invalidArgument("the argument :%s %w", name, err)
		}
		if message.NamedArgs == nil {
			message.NamedArgs = make(map[string]*tenantryv1.Value)
		}
		message.NamedArgs[name] = value
		return nil
	}
	for index, arg := range args {
		switch arg := arg.(type) {
		case NamedArgs:
			for key, value := range arg {
				if err := name(key, value); err != nil {
					return nil, err
				}
			}
		case sql.NamedArg:
			if err := name(arg.Name, arg.Value); err != nil {
				return nil, err
			}
		default:
			value, err := bind(arg)
			if err != nil {
				return nil, invalidArgument("argument %d %w", index+1, err)
			}
			message.Args = append(message.Args, value)
		}
	}
	return message, nil
}

// checkSQL refuses what no message can carry.
func checkSQL(query string) error {
	if !utf8.ValidString(query) {
		return invalidArgument("the SQL is not valid UTF-8")
	}
	return nil
}

// invalidArgument is the error of what the server need not be asked for.
func invalidArgument(format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: codes.InvalidArgument, Reason: ReasonInvalidArgument, Message: err.Error()}
}

// bind turns an argument of Go into a value of SQLite.
func bind(arg any) (*tenantryv1.Value, error) {
	switch arg := arg.(type) {
	case nil:
		return &tenantryv1.Value{}, nil
	case int64:
		return integer(arg), nil
	case int:
		return integer(int64(arg)), nil
	case float64:
		return &tenantryv1.Value{Kind: &tenantryv1.Value_Real{Real: arg}}, nil
	case string:
		if !utf8.ValidString(arg) {
			return nil, errors.New("is text that is not valid UTF-8; bind it as []byte")
		}
		return &tenantryv1.Value{Kind: &tenantryv1.Value_Text{Text: arg}}, nil
	case []byte:
		if arg == nil {
			return &tenantryv1.Value{}, nil
		}
		return &tenantryv1.Value{Kind: &tenantryv1.Value_Blob{Blob: arg}}, nil
	case bool:
		if arg {
			return integer(1), nil
		}
		return integer(0), nil
	case time.Time:
		return bind(arg.UTC().Format(time.RFC3339Nano))
	case Value:
		return bind(arg.Any())
	case driver.Valuer:
		if pointer := reflect.ValueOf(arg); pointer.Kind() == reflect.Pointer && pointer.IsNil() {
			return &tenantryv1.Value{}, nil
		}
		value, err := arg.Value()
		if err != nil {
			return nil, fmt.Errorf("cannot be bound: %w", err)
		}
		if _, again := value.(driver.Valuer); again {
			return nil, fmt.Errorf("has a Valuer that answers a %T", value)
		}
		return bind(value)
	}
	return bindKind(reflect.ValueOf(arg))
}

// bindKind binds types that are another name for a basic one, and pointers.
func bindKind(value reflect.Value) (*tenantryv1.Value, error) {
	switch value.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return integer(value.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if value.Uint() > math.MaxInt64 {
			return nil, fmt.Errorf("is %d, and an INTEGER has 64 bits with a sign", value.Uint())
		}
		return integer(int64(value.Uint())), nil
	case reflect.Float32, reflect.Float64:
		return bind(value.Float())
	case reflect.Bool:
		return bind(value.Bool())
	case reflect.String:
		return bind(value.String())
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return bind(value.Bytes())
		}
	case reflect.Pointer:
		if value.IsNil() {
			return &tenantryv1.Value{}, nil
		}
		return bind(value.Elem().Interface())
	}
	return nil, fmt.Errorf("has the type %s, which SQLite does not know", value.Type())
}

func integer(value int64) *tenantryv1.Value {
	return &tenantryv1.Value{Kind: &tenantryv1.Value_Integer{Integer: value}}
}
