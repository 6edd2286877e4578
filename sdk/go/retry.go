package tenantry

import (
	"context"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
)

// retry decides over the attempts of one call.
type retry struct {
	client *Client
	// safe says that the call may be done twice.
	safe bool
	// used is the token that the attempt before began with.
	used      *token
	refreshed bool
	attempts  int
	// err is why the attempt before failed.
	err *Error
}

// attempt makes a call, and makes it again where that is allowed and may help.
func (c *Client) attempt(ctx context.Context, safe bool, call func() error) error {
	retry, err := c.newRetry(ctx, safe)
	if err != nil {
		return err
	}
	for {
		err := call()
		if err == nil {
			return nil
		}
		if !retry.again(ctx, err) {
			return retry.err
		}
	}
}

// newRetry takes the token for the first attempt.
func (c *Client) newRetry(ctx context.Context, safe bool) (*retry, error) {
	if c.transport.closed.Load() {
		return nil, closedError()
	}
	used, err := c.transport.tokens.get(ctx)
	if err != nil {
		return nil, err
	}
	return &retry{client: c, safe: safe, used: used}, nil
}

// again tells whether to make the call once more, after it has waited for that.
// When it answers no, err is what to tell the caller.
func (r *retry) again(ctx context.Context, cause error) bool {
	err := r.client.transport.translate(cause)
	if err.Reason == ReasonClientClosed {
		// It was open when the call began.
		err = closedMeanwhile()
	}
	r.err = err
	r.attempts++
	tokens := r.client.transport.tokens
	if isRefused(err) && tokens.source != nil && !r.refreshed {
		r.refreshed = true
		fresh, failed := tokens.replace(ctx, r.used)
		if failed != nil {
			r.err = asError(failed)
			return false
		}
		r.used = fresh
		r.attempts--
		r.client.logger.DebugContext(ctx, "tenantry: took a new token", "reason", string(err.Reason))
		return true
	}
	if !r.isAllowed(err) || r.attempts >= r.client.retry.MaxAttempts {
		return false
	}
	return r.client.waitForRetry(ctx, err, r.attempts)
}

// waitForRetry waits for as long as the error says and so many attempts demand, and
// after a lost connection until there is another one, within a limit. It answers
// false where ctx would end before that.
func (c *Client) waitForRetry(ctx context.Context, err *Error, attempts int) bool {
	wait := c.retry.backoff(attempts)
	if err.RetryAfter != nil {
		wait = max(wait, *err.RetryAfter)
	}
	if !sleep(ctx, wait) {
		return false
	}
	if err.Code == codes.Unavailable {
		c.transport.pick(ctx, c.retry.MaxBackoff)
	}
	c.logger.DebugContext(ctx, "tenantry: trying again",
		"attempt", attempts+1, "code", err.Code.String(), "reason", string(err.Reason), "waited", wait)
	return ctx.Err() == nil
}

// isAllowed tells whether the call may be sent again: it had no effect, or may have
// it twice. Whether to wait for another migration is the caller's to decide.
func (r *retry) isAllowed(err *Error) bool {
	if err.RetryAfter != nil {
		return err.Reason != ReasonMigrationInProgress
	}
	return r.safe && err.Code == codes.Unavailable
}

// backoff returns how long to wait after so many attempts: anything up to a bound
// that doubles, so that those who failed together do not come back together.
func (p RetryPolicy) backoff(attempts int) time.Duration {
	bound := p.MinBackoff
	for range attempts - 1 {
		bound = min(2*bound, p.MaxBackoff)
	}
	if bound <= 0 {
		return 0
	}
	return rand.N(bound)
}

// sleep waits, unless ctx would end before that.
func sleep(ctx context.Context, wait time.Duration) bool {
	if deadline, bounded := ctx.Deadline(); bounded && time.Until(deadline) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
