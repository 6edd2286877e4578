package tenantry

import (
	"context"
	"iter"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	tenantryv1 "github.com/tenantry/tenantry/sdk/go/gen/tenantry/v1"
)

// What the server tells of tokens, in the words of its protos.
type (
	// TokenInfo is what is known of a token that was minted.
	TokenInfo = tenantryv1.TokenInfo
	// CreateTokenRequest is what a new token shall permit. Its Lifetime is made by
	// [TTL] or [NeverExpires]; without it a token lives for 7 days.
	CreateTokenRequest = tenantryv1.CreateTokenRequest
	// ListTokensRequest is what [Tokens.List] filters by.
	ListTokensRequest = tenantryv1.ListTokensRequest
	// SigningKey is the public part of a key that signs tokens.
	SigningKey = tenantryv1.SigningKey
	// Permission is what may be done to a table.
	Permission = tenantryv1.Permission
)

const (
	// AccessReadOnly reads.
	AccessReadOnly = tenantryv1.Access_ACCESS_READ_ONLY
	// AccessReadWrite reads and writes; it is the default.
	AccessReadWrite = tenantryv1.Access_ACCESS_READ_WRITE
	// AccessAdmin does everything inside its groups.
	AccessAdmin = tenantryv1.Access_ACCESS_ADMIN
)

// TTL is the lifetime of a token from now on.
func TTL(ttl time.Duration) *tenantryv1.CreateTokenRequest_Ttl {
	return &tenantryv1.CreateTokenRequest_Ttl{Ttl: durationpb.New(ttl)}
}

// NeverExpires is the lifetime of a token that ends when it is revoked.
func NeverExpires() *tenantryv1.CreateTokenRequest_NeverExpires {
	return &tenantryv1.CreateTokenRequest_NeverExpires{NeverExpires: true}
}

// Tokens mints and withdraws tokens.
type Tokens struct {
	client *Client
	stub   tenantryv1.TokensServiceClient
}

// Create mints a token. It is shown this once only.
func (t *Tokens) Create(ctx context.Context, request *CreateTokenRequest) (token string, info *TokenInfo, err error) {
	response, err := unary(ctx, t.client, false, t.stub.CreateToken, request)
	return response.GetToken(), response.GetMetadata(), err
}

// List yields the tokens that the filter lets through, newest first; nil is no
// filter.
func (t *Tokens) List(ctx context.Context, filter *ListTokensRequest) iter.Seq2[*TokenInfo, error] {
	return pages(ctx, t.client, t.stub.ListTokens, filter,
		func(request *ListTokensRequest, token string) { request.PageToken = token },
		(*tenantryv1.ListTokensResponse).GetTokens)
}

// Get returns what is known of a token.
func (t *Tokens) Get(ctx context.Context, id string) (*TokenInfo, error) {
	response, err := unary(ctx, t.client, true, t.stub.GetToken, &tenantryv1.GetTokenRequest{Id: id})
	return response.GetMetadata(), err
}

// Revoke withdraws a token, from the next request on.
func (t *Tokens) Revoke(ctx context.Context, id string) (*TokenInfo, error) {
	response, err := unary(ctx, t.client, false, t.stub.RevokeToken, &tenantryv1.RevokeTokenRequest{Id: id})
	return response.GetMetadata(), err
}

// InvalidateDatabase withdraws all tokens of a database that were minted until the
// time that it returns.
func (t *Tokens) InvalidateDatabase(ctx context.Context, name string) (time.Time, error) {
	return t.invalidate(ctx, &tenantryv1.InvalidateTokensRequest{
		Target: &tenantryv1.InvalidateTokensRequest_Database{Database: name},
	})
}

// InvalidateGroup withdraws all tokens of a group and its databases that were minted
// until the time that it returns.
func (t *Tokens) InvalidateGroup(ctx context.Context, name string) (time.Time, error) {
	return t.invalidate(ctx, &tenantryv1.InvalidateTokensRequest{
		Target: &tenantryv1.InvalidateTokensRequest_Group{Group: name},
	})
}

func (t *Tokens) invalidate(ctx context.Context, request *tenantryv1.InvalidateTokensRequest) (time.Time, error) {
	response, err := unary(ctx, t.client, false, t.stub.InvalidateTokens, request)
	if err != nil {
		return time.Time{}, err
	}
	return response.GetInvalidateTime().AsTime(), nil
}

// RotateSigningKey makes a new key the one that signs.
func (t *Tokens) RotateSigningKey(ctx context.Context) (*SigningKey, error) {
	response, err := unary(ctx, t.client, false, t.stub.RotateSigningKey, &tenantryv1.RotateSigningKeyRequest{})
	return response.GetSigningKey(), err
}

// ListSigningKeys yields the public parts of the keys, newest first.
func (t *Tokens) ListSigningKeys(ctx context.Context) iter.Seq2[*SigningKey, error] {
	return pages(ctx, t.client, t.stub.ListSigningKeys, &tenantryv1.ListSigningKeysRequest{},
		func(request *tenantryv1.ListSigningKeysRequest, token string) { request.PageToken = token },
		(*tenantryv1.ListSigningKeysResponse).GetSigningKeys)
}
