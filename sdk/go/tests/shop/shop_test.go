// Package shop runs the example of the shop against the real server.
package shop

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/tenantry/tenantry/sdk/go/tests/internal/server"
)

const example = "../../../../examples/shop"

func TestShop(t *testing.T) {
	want, err := os.ReadFile(example + "/expected.txt")
	if err != nil {
		t.Fatal(err)
	}
	running := server.Start(t)
	command := exec.CommandContext(server.Context(t), "go", "run", ".")
	command.Dir = example + "/go"
	command.Env = append(os.Environ(), "TENANTRY_ENDPOINT="+running.Endpoint(), "TENANTRY_TOKEN="+running.Token())
	got, err := command.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		t.Fatalf("%s\n%s", got, failed.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("it printed\n%s", got)
	}
}
