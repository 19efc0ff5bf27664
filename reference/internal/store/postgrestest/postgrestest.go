// Package postgrestest runs a PostgreSQL server for tests.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Without is the environment variable that skips the tests that need PostgreSQL, if it is set.
const Without = "REELCHECK_WITHOUT_POSTGRES"

const (
	readyWithin = 30 * time.Second
	stopWithin  = 30 * time.Second
	poll        = 20 * time.Millisecond
)

// Server is a PostgreSQL server for one test, with its data in a temporary directory. It listens on a Unix socket there. By default it does not
// wait for the disk.
type Server struct {
	programs, dir string
	settings      []string
	as            *syscall.Credential // nil = the user of the test
	run           *exec.Cmd
	ended         chan error
	databases     atomic.Int32
}

// Start starts a server that ends with the test. settings are additional, of the form "name=value".
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	if os.Getenv(Without) != "" {
		t.Skipf("%s is set", Without)
	}
	s := &Server{settings: append([]string{"listen_addresses=", "fsync=off", "full_page_writes=off"}, settings...)}
	var err error
	if s.programs, err = programs(); err != nil {
		t.Fatal(err)
	}
	if s.dir, err = os.MkdirTemp("", "postgrestest-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(s.dir); err != nil {
			t.Error(err)
		}
	})
	if err := s.initialise(); err != nil {
		t.Fatal(err)
	}
	s.Up(t)
	t.Cleanup(func() { s.Down(t) })
	return s
}

// programs returns the directory of the newest installed server.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // Debian
	if err != nil {
		return "", err
	}
	best, newest := "", 0
	for _, path := range found {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if err == nil && version > newest {
			best, newest = path, version
		}
	}
	if best == "" {
		if best, err = exec.LookPath("initdb"); err != nil {
			return "", fmt.Errorf("PostgreSQL's initdb is neither in /usr/lib/postgresql/*/bin nor in PATH: run \"make postgresql\", or set %s=1 to skip tests", Without)
		}
	}
	return filepath.Dir(best), nil
}

// initialise creates the cluster. PostgreSQL refuses to run as root, so root runs it as another user.
func (s *Server) initialise() error {
	if os.Getuid() == 0 {
		other, err := user.Lookup("postgres")
		if err != nil {
			if other, err = user.Lookup("nobody"); err != nil {
				return err
			}
		}
		uid, uidErr := strconv.ParseUint(other.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(other.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr, os.Chown(s.dir, int(uid), int(gid))); err != nil {
			return err
		}
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	out, err := s.command("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--pgdata", s.data()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.programs, name), args...)
	c.Dir = s.dir
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	return c
}

// Up starts the server again after Down.
func (s *Server) Up(t testing.TB) {
	t.Helper()
	logs, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close() // the process has its own descriptor
	args := []string{"-D", s.data(), "-k", s.dir}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	s.run = s.command("postgres", args...)
	s.run.Stderr = logs
	if err := s.run.Start(); err != nil {
		t.Fatal(err)
	}
	s.ended = make(chan error, 1)
	go func(run *exec.Cmd, ended chan<- error) { ended <- run.Wait() }(s.run, s.ended) // Down waits for it
	end := time.Now().Add(readyWithin)
	for {
		conn, err := pgx.Connect(context.Background(), s.URL())
		if err == nil {
			if err := conn.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			return
		}
		select {
		case failure := <-s.ended:
			s.ended <- failure
			t.Fatalf("PostgreSQL ended: %v\n%s", failure, s.logs())
		case <-time.After(poll):
		}
		if time.Now().After(end) {
			t.Fatalf("PostgreSQL was not ready within %v: %v\n%s", readyWithin, err, s.logs())
		}
	}
}

// Down ends the server and all its connections.
func (s *Server) Down(t testing.TB) {
	t.Helper()
	if err := s.run.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	select {
	case failure := <-s.ended:
		s.ended <- failure // for the next call
	case <-time.After(stopWithin):
		t.Errorf("PostgreSQL did not end within %v\n%s", stopWithin, s.logs())
		_ = s.run.Process.Signal(syscall.SIGQUIT) // it ends its children too
		<-s.ended
	}
}

func (s *Server) logs() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Database returns the URL of a new, empty database.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	conn, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), "CREATE DATABASE "+name)
	if err := errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	return s.url(name)
}

// URL returns the URL of the database that exists from the start.
func (s *Server) URL() string { return s.url("postgres") }

func (s *Server) url(database string) string {
	return "postgres:///" + database + "?user=postgres&host=" + url.PathEscape(s.dir)
}
