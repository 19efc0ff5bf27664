package sink

import (
	"context"
	"fmt"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

type containerSpec struct {
	image string
	port  string // "9000/tcp"
	ready string // path that answers when the container is up, or
	log   string // text in the log when it is up
	env   map[string]string
	cmd   []string
}

// runContainer starts a container. It returns a function that ends it, and the address of its port.
func runContainer(ctx context.Context, s containerSpec) (stop func() error, addr string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var up wait.Strategy = wait.ForLog(s.log)
	if s.ready != "" {
		up = wait.ForHTTP(s.ready).WithPort(s.port).WithStartupTimeout(time.Minute)
	}
	c, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{
		ContainerRequest: testcontainers.ContainerRequest{
			Image: s.image, ExposedPorts: []string{s.port}, Env: s.env, Cmd: s.cmd,
			WaitingFor: up,
		},
		Started: true,
	})
	if err != nil {
		if c != nil {
			_ = testcontainers.TerminateContainer(c)
		}
		return nil, "", fmt.Errorf("container of %q: %w", s.image, err)
	}
	if addr, err = c.PortEndpoint(ctx, s.port, ""); err != nil {
		_ = testcontainers.TerminateContainer(c)
		return nil, "", fmt.Errorf("container of %q: %w", s.image, err)
	}
	return func() error { return testcontainers.TerminateContainer(c) }, addr, nil
}
