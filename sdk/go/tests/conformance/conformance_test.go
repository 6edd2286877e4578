// Package conformance runs the cases of tests/conformance against the real server.
package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	tenantry "github.com/tenantry/tenantry/sdk/go"
	"github.com/tenantry/tenantry/sdk/go/tests/internal/server"
)

const (
	casesDir    = "../../../../tests/conformance"
	stepTimeout = 30 * time.Second
)

// file is one file of cases. A case stays a tree until it is run, so that what is
// wrong with it is its own failure.
type file struct {
	About string
	Cases []any
}

type testCase struct {
	Name      string
	Databases []any
	Server    *[]string
	Skip      map[string]string
	Steps     []any
}

func TestConformance(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(casesDir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	shared, err := server.New()
	if err != nil {
		t.Fatal(err)
	}
	defer shared.Close()
	var passed, failed, skipped int
	for _, path := range paths {
		name := filepath.Base(path)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var cases file
		if err := yaml.Unmarshal(content, &cases); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for index, tree := range cases.Cases {
			var wanted testCase
			err := decode(tree, &wanted)
			if reason, skip := wanted.Skip["go"]; err == nil && skip {
				skipped++
				fmt.Printf("skipped %s: %s: %s\n", name, wanted.Name, reason)
				continue
			}
			if err == nil {
				group := fmt.Sprintf("%s-%d", strings.TrimSuffix(name, ".yaml"), index)
				err = runCase(shared, group, &wanted)
			}
			if err != nil {
				failed++
				fmt.Printf("FAILED %s: %s: %v\n", name, wanted.Name, err)
				continue
			}
			passed++
		}
	}
	fmt.Printf("conformance go: %d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 || passed == 0 {
		t.Fail()
	}
}

// decode reads a tree into a struct, and refuses what the struct does not have.
func decode(tree, target any) error {
	text, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(target)
}

// run is one run of a case.
type run struct {
	server *server.Server
	group  string
	// kept has what stands for ${NAME}.
	kept    map[string]string
	admin   *tenantry.Client
	clients map[string]*tenantry.Client
	// starting ends when the server was started behind the steps.
	starting chan error
}

func runCase(shared *server.Server, group string, wanted *testCase) (err error) {
	r := &run{server: shared, group: group, kept: map[string]string{"group": group}, clients: map[string]*tenantry.Client{}}
	if wanted.Server != nil {
		if r.server, err = server.New(*wanted.Server...); err != nil {
			return err
		}
		defer r.server.Close()
	}
	if r.admin, err = tenantry.New(r.server.Endpoint(), tenantry.WithToken(r.server.Token())); err != nil {
		return err
	}
	defer func() {
		for _, client := range r.clients {
			err = errors.Join(err, client.Close())
		}
		err = errors.Join(err, r.admin.Close())
		if r.starting != nil {
			err = errors.Join(err, <-r.starting)
		}
	}()
	if _, err := r.admin.Databases.CreateGroup(context.Background(), group); err != nil {
		return err
	}
	for _, database := range wanted.Databases {
		if name, ok := database.(string); ok {
			database = map[string]any{"name": name}
		}
		if err := r.step(map[string]any{"create_database": database}); err != nil {
			return fmt.Errorf("databases: %w", err)
		}
	}
	for index, tree := range wanted.Steps {
		if err := r.step(tree); err != nil {
			return fmt.Errorf("step %d: %w", index+1, err)
		}
	}
	return nil
}

// fill puts what was kept into every string of a tree.
func (r *run) fill(tree any) any {
	switch tree := tree.(type) {
	case string:
		for name, value := range r.kept {
			tree = strings.ReplaceAll(tree, "${"+name+"}", value)
		}
		return tree
	case []any:
		filled := make([]any, len(tree))
		for index, item := range tree {
			filled[index] = r.fill(item)
		}
		return filled
	case map[string]any:
		filled := make(map[string]any, len(tree))
		for name, item := range tree {
			filled[name] = r.fill(item)
		}
		return filled
	default:
		return tree
	}
}

// step runs one step, and tells how it did not end as it should.
func (r *run) step(tree any) error {
	var wanted step
	if err := decode(r.fill(tree), &wanted); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- r.judge(&wanted, func() (actual, error) { return r.do(ctx, &wanted) }) }()
	select {
	case err := <-ended:
		return err
	case <-time.After(stepTimeout):
		return fmt.Errorf("it took longer than %s", stepTimeout)
	}
}

// judge compares how an operation ended with what the step wants.
func (r *run) judge(wanted *step, operation func() (actual, error)) error {
	told, err := operation()
	var unfit *unfit
	switch {
	case errors.As(err, &unfit):
		return err
	case wanted.Error != nil:
		return wanted.Error.compare(err)
	case err != nil:
		return err
	default:
		return compare("", wanted.Expect, told)
	}
}
