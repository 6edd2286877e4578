package tenantry

import (
	"context"
	"errors"
	"sync/atomic"

	"google.golang.org/grpc/codes"
)

// tokens keeps the present token, and replaces it when a call tells that the
// server no longer takes it.
type tokens struct {
	source  TokenSource
	current atomic.Pointer[token]
	// asking lets one caller ask the source while others wait for its answer.
	asking chan struct{}
}

type token struct {
	// header is the value of the metadata `authorization`.
	header string
}

func newTokens(o *options) *tokens {
	result := &tokens{source: o.source, asking: make(chan struct{}, 1)}
	if o.source == nil {
		fixed := &token{}
		if o.token != "" {
			fixed.header = "Bearer " + o.token
		}
		result.current.Store(fixed)
	}
	return result
}

// get returns the present token, and asks for the first one.
func (t *tokens) get(ctx context.Context) (*token, error) {
	if current := t.current.Load(); current != nil {
		return current, nil
	}
	return t.replace(ctx, nil)
}

// replace returns a newer token than the one that was refused.
func (t *tokens) replace(ctx context.Context, refused *token) (*token, error) {
	select {
	case t.asking <- struct{}{}:
	case <-ctx.Done():
		return nil, asError(ctx.Err())
	}
	defer func() { <-t.asking }()
	if current := t.current.Load(); current != refused {
		return current, nil
	}
	text, err := t.source(ctx)
	if err != nil {
		return nil, &Error{
			Code:    codes.Unauthenticated,
			Message: "the token source failed: " + err.Error(),
			cause:   err,
		}
	}
	fresh := &token{header: "Bearer " + text}
	t.current.Store(fresh)
	return fresh, nil
}

// isRefused tells whether another token may be taken where this one was not.
func isRefused(err error) bool {
	return errors.Is(err, ReasonTokenExpired) || errors.Is(err, ReasonTokenRevoked) ||
		errors.Is(err, ReasonTokenInvalid)
}
