package tenantry

import (
	"context"
	"errors"
	"io"
	"maps"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// domain tells the server's errors from those of what lies between.
const domain = "tenantry"

// outcome is the entry of the metadata that tells what became of a write.
const outcome = "outcome"

// Error is every failure that this package answers, whether the server refused
// the call or it never got there. Find it with [errors.As], or ask for a reason
// with [errors.Is]:
//
//	if errors.Is(err, tenantry.ReasonConstraint) { … }
//
// A call that ended with its context also is [context.Canceled] or
// [context.DeadlineExceeded].
type Error struct {
	// Code is the gRPC code.
	Code codes.Code
	// Reason tells more exactly what happened. It is empty where no server had
	// a part in it.
	Reason Reason
	// Message is for people and may change.
	Message string
	// Metadata holds the variables of the message.
	Metadata map[string]string
	// Violations names the fields of the request that are wrong.
	Violations []FieldViolation
	// RetryAfter is how long to wait before the request is sent again; it had
	// no effect. nil when the server does not offer that.
	RetryAfter *time.Duration

	status *status.Status
	cause  error
	// of is the transaction that the error comes from, if it comes from one.
	of *Tx
}

// FieldViolation is what is wrong with one field of a request.
type FieldViolation struct {
	Field       string
	Description string
}

// Error returns the message and the reason, or the code where there is none.
func (e *Error) Error() string {
	if e.Reason != "" {
		return "tenantry: " + e.Message + " (" + string(e.Reason) + ")"
	}
	return "tenantry: " + e.Message + " (" + e.Code.String() + ")"
}

// Is makes [errors.Is] work for reasons and for the errors of contexts.
func (e *Error) Is(target error) bool {
	switch target {
	case context.Canceled:
		return e.Code == codes.Canceled
	case context.DeadlineExceeded:
		return e.Code == codes.DeadlineExceeded
	}
	reason, ok := target.(Reason)
	return ok && reason == e.Reason
}

// Unwrap returns what made a call fail before it reached a server, such as the
// error of a token source.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus returns the status that came over the wire, for what works with
// gRPC's own errors.
func (e *Error) GRPCStatus() *status.Status {
	if e.status != nil {
		return e.status
	}
	return status.New(e.Code, e.Message)
}

// Retryable tells whether the request may succeed when it is sent again. Where
// RetryAfter is nil a write may have been done all the same.
func (e *Error) Retryable() bool {
	return e.RetryAfter != nil || e.Code == codes.Unavailable
}

// OutcomeUnknown tells whether a write may have been done although the call
// failed: read it back before you send it again.
func (e *Error) OutcomeUnknown() bool { return e.Metadata[outcome] == "unknown" }

// Code returns the gRPC code of an error: OK of nil, Unknown of one that is not
// of this package.
func Code(err error) codes.Code { return status.Code(err) }

// asError makes an Error of what gRPC or a context answered.
func asError(err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, io.EOF) {
		return &Error{Code: codes.Unavailable, Message: "the server ended the call before its answer was whole"}
	}
	told, ok := status.FromError(err)
	if !ok {
		told = status.FromContextError(err)
	}
	return fromStatus(told)
}

// fromProto makes an Error of a status that came inside a message.
func fromProto(told *statuspb.Status) *Error { return fromStatus(status.FromProto(told)) }

func fromStatus(told *status.Status) *Error {
	result := &Error{Code: told.Code(), Message: told.Message(), status: told}
	for _, detail := range told.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.GetDomain() == domain {
				result.Reason = Reason(detail.GetReason())
				result.Metadata = detail.GetMetadata()
			}
		case *errdetails.BadRequest:
			for _, field := range detail.GetFieldViolations() {
				result.Violations = append(result.Violations, FieldViolation{
					Field:       field.GetField(),
					Description: field.GetDescription(),
				})
			}
		case *errdetails.RetryInfo:
			after := detail.GetRetryDelay().AsDuration()
			result.RetryAfter = &after
		}
	}
	return result
}

// withUnknownOutcome is the error of a write whose answer was lost on the way. An
// error that the server itself gave tells what became of it.
func (e *Error) withUnknownOutcome() *Error {
	if e.Reason != "" {
		return e
	}
	result := *e
	result.Metadata = maps.Clone(e.Metadata)
	if result.Metadata == nil {
		result.Metadata = make(map[string]string)
	}
	result.Metadata[outcome] = "unknown"
	return &result
}

// closedError is the answer to a call on a client that was closed before.
func closedError() *Error {
	return &Error{
		Code:    codes.FailedPrecondition,
		Reason:  ReasonClientClosed,
		Message: "the client is closed; make another one",
	}
}

// closedMeanwhile is what ends the calls that are under way when a client is closed.
func closedMeanwhile() *Error {
	return &Error{
		Code:    codes.Canceled,
		Message: "the client was closed while the call was under way",
	}
}
