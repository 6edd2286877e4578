package tenantry

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

const (
	// messageBytesMax lets a row of 8 MiB through, and what its chunk has beside it.
	messageBytesMax = 32 << 20
	// reconnectGrace is how long a call waits for a connection that was lost
	// before: a server that has just come back shall not be missed.
	reconnectGrace = 500 * time.Millisecond
	connectTimeout = 10 * time.Second
)

// transport gives the calls of generated stubs to the channels in turn, with the
// token.
type transport struct {
	channels []*grpc.ClientConn
	next     atomic.Uint32
	closed   atomic.Bool
	tokens   *tokens
}

func dial(endpoint string, o *options) (*transport, error) {
	address, plaintext, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	credentials, err := transportCredentials(address, plaintext, o)
	if err != nil {
		return nil, err
	}
	if o.channels < 1 {
		return nil, errors.New("a client needs at least one channel")
	}
	result := &transport{tokens: newTokens(o)}
	for range o.channels {
		channel, err := grpc.NewClient(address,
			grpc.WithTransportCredentials(credentials),
			grpc.WithUserAgent("tenantry-go/"+Version),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageBytesMax)),
			grpc.WithKeepaliveParams(keepalive.ClientParameters{
				Time:    30 * time.Second,
				Timeout: 10 * time.Second,
			}),
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff: backoff.Config{
					BaseDelay:  50 * time.Millisecond,
					Multiplier: 1.6,
					Jitter:     0.2,
					MaxDelay:   2 * time.Second,
				},
				MinConnectTimeout: connectTimeout,
			}),
			grpc.WithDisableServiceConfig(),
		)
		if err != nil {
			return nil, errors.Join(err, result.close())
		}
		result.channels = append(result.channels, channel)
	}
	return result, nil
}

// Invoke makes a call that is no stream; it is part of [grpc.ClientConnInterface].
func (t *transport) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	ctx, channel, err := t.begin(ctx)
	if err != nil {
		return err
	}
	return channel.Invoke(ctx, method, args, reply, opts...)
}

// NewStream begins a stream; it is part of [grpc.ClientConnInterface].
func (t *transport) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, channel, err := t.begin(ctx)
	if err != nil {
		return nil, err
	}
	return channel.NewStream(ctx, desc, method, opts...)
}

func (t *transport) begin(ctx context.Context) (context.Context, *grpc.ClientConn, error) {
	if t.closed.Load() {
		return nil, nil, closedError()
	}
	token, err := t.tokens.get(ctx)
	if err != nil {
		return nil, nil, err
	}
	if token.header != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", token.header)
	}
	return ctx, t.pick(ctx, reconnectGrace), nil
}

// pick returns the next channel that may have a connection. Where all are known to
// have none it lets one try at once, and waits for that up to a limit.
func (t *transport) pick(ctx context.Context, limit time.Duration) *grpc.ClientConn {
	count := uint32(len(t.channels))
	first := t.next.Add(1)
	for offset := range count {
		channel := t.channels[(first+offset)%count]
		if channel.GetState() != connectivity.TransientFailure {
			return channel
		}
	}
	channel := t.channels[first%count]
	channel.ResetConnectBackoff()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	channel.WaitForStateChange(ctx, connectivity.TransientFailure)
	return channel
}

// translate makes an Error of what ended a call.
func (t *transport) translate(err error) *Error {
	result := asError(err)
	lost := result.Code == codes.Unavailable || result.Code == codes.Canceled
	if lost && result.Reason == "" && t.closed.Load() {
		return closedMeanwhile()
	}
	return result
}

func (t *transport) close() error {
	if t.closed.Swap(true) {
		return nil
	}
	var failed error
	for _, channel := range t.channels {
		failed = errors.Join(failed, channel.Close())
	}
	return failed
}
