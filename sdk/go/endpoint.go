package tenantry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// parseEndpoint returns the address, and whether to speak to it in plaintext:
// where the scheme says so, and without a scheme only on loopback, so that a token
// never crosses a network in the clear by mistake.
func parseEndpoint(endpoint string) (address string, plaintext bool, err error) {
	scheme, rest, found := strings.Cut(endpoint, "://")
	if !found {
		scheme, rest = "", endpoint
	}
	parsed, err := url.Parse("//" + strings.TrimSuffix(rest, "/"))
	if err != nil {
		return "", false, fmt.Errorf("the endpoint %q cannot be read: %w", endpoint, err)
	}
	if parsed.Hostname() == "" || parsed.Port() == "" || parsed.Host != strings.TrimSuffix(rest, "/") {
		return "", false, fmt.Errorf("the endpoint %q must be http://HOST:PORT, https://HOST:PORT or HOST:PORT", endpoint)
	}
	switch scheme {
	case "http":
		return parsed.Host, true, nil
	case "https":
		return parsed.Host, false, nil
	case "":
		return parsed.Host, isLoopback(parsed.Hostname()), nil
	default:
		return "", false, fmt.Errorf("the endpoint %q has the scheme %q; it must be http or https", endpoint, scheme)
	}
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// transportCredentials are what a connection begins with.
func transportCredentials(address string, plaintext bool, o *options) (credentials.TransportCredentials, error) {
	if plaintext {
		if o.tls != nil || o.caPEM != nil {
			return nil, errors.New("TLS options need an endpoint that begins with https://")
		}
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{}
	if o.tls != nil {
		config = o.tls.Clone()
	}
	if o.caPEM != nil {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(o.caPEM) {
			return nil, errors.New("the CA holds no certificate in PEM")
		}
	}
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		config.ServerName = host
	}
	return credentials.NewTLS(config), nil
}
