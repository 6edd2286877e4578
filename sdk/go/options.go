package tenantry

import (
	"context"
	"crypto/tls"
	"log/slog"
	"time"
)

// Option changes how a [Client] is made.
type Option func(*options)

// RetryPolicy tells how calls are sent again. What is sent again at all does not
// depend on it: only what certainly had no effect, and what is safe to do twice.
type RetryPolicy struct {
	// MaxAttempts counts the first one too; 1 switches retries off.
	MaxAttempts int
	// MinBackoff bounds the wait before the second attempt; the bound doubles
	// with each attempt after it.
	MinBackoff time.Duration
	// MaxBackoff is where the bound stops to grow.
	MaxBackoff time.Duration
}

// TokenSource answers a token whenever one is needed: for the first call, and when
// the server no longer takes the one before.
type TokenSource func(ctx context.Context) (string, error)

type options struct {
	token    string
	source   TokenSource
	tls      *tls.Config
	caPEM    []byte
	channels int
	timeout  time.Duration
	retry    RetryPolicy
	logger   *slog.Logger
}

func defaults() options {
	return options{
		channels: 2,
		timeout:  30 * time.Second,
		retry: RetryPolicy{
			MaxAttempts: 5,
			MinBackoff:  50 * time.Millisecond,
			MaxBackoff:  2 * time.Second,
		},
		logger: slog.New(slog.DiscardHandler),
	}
}

// WithToken sends this token with every call.
func WithToken(token string) Option {
	return func(o *options) { o.token = token }
}

// WithTokenSource sends the token that source answers, and asks it again when the
// server answers TOKEN_EXPIRED, TOKEN_REVOKED or TOKEN_INVALID. One call asks at
// most once; calls that fail together share one answer.
func WithTokenSource(source TokenSource) Option {
	return func(o *options) { o.source = source }
}

// WithCA trusts the certificate authorities in pem instead of the system's.
func WithCA(pem []byte) Option {
	return func(o *options) { o.caPEM = pem }
}

// WithTLSConfig sets everything about TLS, such as a certificate of the client.
func WithTLSConfig(config *tls.Config) Option {
	return func(o *options) { o.tls = config }
}

// WithChannels sets the number of connections that calls take in turn. Default: 2.
func WithChannels(count int) Option {
	return func(o *options) { o.channels = count }
}

// WithTimeout bounds calls that are no streams and whose context has no deadline.
// Default: 30 seconds; 0 is no bound.
func WithTimeout(timeout time.Duration) Option {
	return func(o *options) { o.timeout = timeout }
}

// WithRetry sets how calls are sent again. Default: 5 attempts, 50 ms to 2 s.
func WithRetry(policy RetryPolicy) Option {
	return func(o *options) { o.retry = policy }
}

// WithLogger logs retries and new tokens at the level Debug. Tokens, SQL and
// arguments are never logged.
func WithLogger(logger *slog.Logger) Option {
	return func(o *options) { o.logger = logger }
}
