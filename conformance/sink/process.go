package sink

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"
)

type processSpec struct {
	command []string
	env     map[string]string
	log     string // file
	ready   string // URL that answers when the store is up
}

// runProcess starts a store as a child process. It returns a function that ends it and waits for it.
func runProcess(ctx context.Context, s processSpec) (stop func() error, err error) {
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	// Not CommandContext, because it must run until stop.
	cmd := exec.Command(s.command[0], s.command[1:]...)
	cmd.Env = os.Environ()
	for name, value := range s.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	stop = func() error {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed, so its status says nothing
		return log.Close()
	}
	if err := awaitHTTP(ctx, s.ready, 20*time.Second); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w; see %s", s.command[0], err, s.log), stop())
	}
	return stop, nil
}

// freeAddr chooses the port if listen leaves it open, because such programs do not report the port that they choose.
func freeAddr(listen string) (string, error) {
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return "", err
	}
	defer ln.Close() //nolint:errcheck // only to find a free port
	return ln.Addr().String(), nil
}

// awaitHTTP waits for an answer other than a server error.
func awaitHTTP(ctx context.Context, url string, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode < http.StatusInternalServerError {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not healthy within %v", within)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
