// Package server runs the real server for tests, as a user would.
package server

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// endTimeout is how long a server that was told to stop may take.
const endTimeout = 20 * time.Second

// Server is one server with a data directory of its own.
type Server struct {
	// Address is where it listens; it stays the same after a restart.
	Address string

	dir   string
	flags []string
	log   *os.File

	mu      sync.Mutex
	process *exec.Cmd
}

// New starts a server with more flags. Close ends it and removes its data.
func New(flags ...string) (*Server, error) {
	base := ""
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		base = "/dev/shm"
	}
	dir, err := os.MkdirTemp(base, "tenantry-go-")
	if err != nil {
		return nil, err
	}
	server := &Server{Address: "127.0.0.1:0", dir: dir, flags: flags}
	if server.log, err = os.Create(filepath.Join(dir, "stderr")); err == nil {
		err = server.Start()
	}
	if err != nil {
		server.Close()
		return nil, err
	}
	return server, nil
}

// Endpoint returns the endpoint for a client.
func (s *Server) Endpoint() string { return "http://" + s.Address }

// Token returns the first admin's token.
func (s *Server) Token() string {
	token, err := os.ReadFile(filepath.Join(s.dir, "data", "admin.token"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(token))
}

// Start starts the server where it listened before, and waits until it does.
func (s *Server) Start() error {
	program := os.Getenv("TENANTRY_BIN")
	if program == "" {
		return errors.New("TENANTRY_BIN must name the server's program")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		return errors.New("the server runs already")
	}
	args := append([]string{"serve", "--data-dir", filepath.Join(s.dir, "data"), "--listen", s.Address}, s.flags...)
	process := exec.Command(program, args...)
	process.Stderr = s.log
	stdout, err := process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := process.Start(); err != nil {
		return err
	}
	s.process = process
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if rest, found := strings.CutPrefix(lines.Text(), "listening on "); found {
			s.Address, _, _ = strings.Cut(rest, " ")
			// The rest is read until the end, so that the server can write it.
			go func() {
				for lines.Scan() {
				}
			}()
			return nil
		}
	}
	told, _ := os.ReadFile(s.log.Name())
	return fmt.Errorf("the server did not start: %s", told)
}

// Stop asks the server to end, and waits until it has.
func (s *Server) Stop() error { return s.end(syscall.SIGTERM) }

// Kill ends the server at once.
func (s *Server) Kill() error { return s.end(syscall.SIGKILL) }

func (s *Server) end(signal syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil
	}
	process := s.process
	s.process = nil
	if err := process.Process.Signal(signal); err != nil {
		return err
	}
	overdue := time.AfterFunc(endTimeout, func() { _ = process.Process.Kill() })
	defer overdue.Stop()
	// How it ended does not matter: it was told to.
	_ = process.Wait()
	return nil
}

// Close ends the server and removes its data.
func (s *Server) Close() {
	_ = s.Kill()
	if s.log != nil {
		s.log.Close()
	}
	os.RemoveAll(s.dir)
}
