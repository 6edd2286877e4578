package tenantry

import (
	"context"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// RequestOption changes how something is created.
type RequestOption func(*requestOptions)

type requestOptions struct{ requestID string }

// WithRequestID names the request, so that it can be sent again from elsewhere and is
// still done once. Without it every call takes a fresh UUID, with which the client
// itself may send it again.
func WithRequestID(id string) RequestOption {
	return func(o *requestOptions) { o.requestID = id }
}

func requestID(opts []RequestOption) string {
	var o requestOptions
	for _, opt := range opts {
		opt(&o)
	}
	if o.requestID == "" {
		return newRequestID()
	}
	return o.requestID
}

// page is what all lists answer.
type page interface{ GetNextPageToken() string }

// pages yields the items of all pages of a list, each page asked for when it is
// needed. The request is a copy, of which turn sets the page token.
func pages[Request proto.Message, Page page, Item any](
	ctx context.Context,
	c *Client,
	list func(context.Context, Request, ...grpc.CallOption) (Page, error),
	request Request,
	turn func(request Request, token string),
	items func(Page) []Item,
) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		if !request.ProtoReflect().IsValid() {
			// A nil filter.
			request = request.ProtoReflect().New().Interface().(Request)
		}
		request := proto.CloneOf(request)
		for {
			answer, err := unary(ctx, c, true, list, request)
			if err != nil {
				var none Item
				yield(none, err)
				return
			}
			for _, item := range items(answer) {
				if !yield(item, nil) {
					return
				}
			}
			token := answer.GetNextPageToken()
			if token == "" {
				return
			}
			turn(request, token)
		}
	}
}
