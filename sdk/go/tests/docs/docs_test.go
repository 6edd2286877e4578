// Package docs runs the snippets of the pages about Go against the real server.
package docs

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/sdk/go/tests/internal/server"
)

const module = "../../"

// snippet is a fence marked `go test`, with the output that the fence behind it tells.
type snippet struct {
	code   string
	output string
	line   int
}

func TestPages(t *testing.T) {
	for _, page := range []string{"../../../../docs/go.md", "../../README.md"} {
		t.Run(filepath.Base(page), func(t *testing.T) { runPage(t, page) })
	}
}

// runPage makes one program of a page: each snippet is a function, and they run in
// their order. They find an endpoint, a token, and, as in the text before them, a
// client and the database `acme`.
func runPage(t *testing.T, page string) {
	imports, snippets := extract(t, page)
	if len(snippets) == 0 {
		t.Fatal("the page has no snippets")
	}
	var program, want strings.Builder
	fmt.Fprintf(&program, "package main\n\nimport (\n\t\"os\"\n\t\"log\"\n%s", strings.TrimPrefix(imports, "import (\n"))
	var calls []string
	for _, snippet := range snippets {
		name := fmt.Sprintf("snippet%d", snippet.line)
		fmt.Fprintf(&program, "\nfunc %s(ctx context.Context, endpoint, token string, client *tenantry.Client, db *tenantry.DB) error {\n", name)
		fmt.Fprintf(&program, "//line %s:%d\n%s", filepath.Base(page), snippet.line, snippet.code)
		if !strings.Contains(snippet.code, "\nreturn ") {
			program.WriteString("return nil\n")
		}
		program.WriteString("}\n")
		calls = append(calls, name)
		want.WriteString(snippet.output)
	}
	fmt.Fprintf(&program, `
func main() {
	endpoint, token := os.Getenv("TENANTRY_ENDPOINT"), os.Getenv("TENANTRY_TOKEN")
	client, err := tenantry.New(endpoint, tenantry.WithToken(token))
	if err != nil {
		log.Fatal(err)
	}
	for _, snippet := range []func(context.Context, string, string, *tenantry.Client, *tenantry.DB) error{%s} {
		if err := snippet(context.Background(), endpoint, token, client, client.Database("acme")); err != nil {
			log.Fatal(err)
		}
	}
}
`, strings.Join(calls, ", "))

	running := server.Start(t)
	command := exec.CommandContext(server.Context(t), "go", "run", ".")
	command.Dir = writeModule(t, program.String())
	command.Env = append(os.Environ(), "TENANTRY_ENDPOINT="+running.Endpoint(), "TENANTRY_TOKEN="+running.Token())
	got, err := command.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		t.Fatalf("%s\n%s", got, failed.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Errorf("the page tells\n%sand its snippets print\n%s", want.String(), got)
	}
}

// extract reads the fences of a page. One that begins with `import` stands for the
// whole page.
func extract(t *testing.T, page string) (imports string, snippets []snippet) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var fence string
	var content strings.Builder
	for index, line := range strings.SplitAfter(string(text), "\n") {
		mark, isFence := strings.CutPrefix(strings.TrimRight(line, "\n"), "```")
		switch {
		case !isFence:
			content.WriteString(line)
			continue
		case mark != "":
			fence = mark
		case fence == "go test" && strings.HasPrefix(content.String(), "import ("):
			imports = content.String()
		case fence == "go test":
			code := content.String()
			snippets = append(snippets, snippet{code: code, line: index + 1 - strings.Count(code, "\n")})
		case fence == "text output" && len(snippets) > 0:
			snippets[len(snippets)-1].output = content.String()
		}
		content.Reset()
	}
	return imports, snippets
}

// writeModule makes a module of a program that uses the package of this tree, with
// the dependencies of the tests.
func writeModule(t *testing.T, program string) string {
	t.Helper()
	root, err := filepath.Abs(module)
	if err != nil {
		t.Fatal(err)
	}
	dependencies, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"main.go": program,
		"go.mod":  strings.Replace(string(dependencies), "=> ../", "=> "+root, 1),
		"go.sum":  string(sums),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
