package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"reelcheck/reference/internal/durable"
)

// closing is how long requests and jobs may take to end when the server closes.
const closing = 10 * time.Second

// serve runs the server until ctx ends. The next start ends the live archives.
func serve(ctx context.Context, c config, stdout io.Writer, log *slog.Logger) (err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))))
	if err != nil {
		return fmt.Errorf("host, port: %w", err)
	}
	s, err := assemble(ctx, c, publicAt(c.PublicURL, listener.Addr().String()), log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, s.close()) }()

	clients := limited(listener.(*net.TCPListener), mostConnections())
	server := &http.Server{Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, ConnState: clients.changed,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(clients) }()
	if err := announce(c.Data, s.ready, stdout); err != nil {
		return errors.Join(err, server.Close(), <-failed)
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serving HTTP: %w", err)
	case err := <-s.lost:
		return errors.Join(err, server.Close(), <-failed)
	case <-ctx.Done():
	}
	log.Info("closing")
	s.gateway.Close() // closes the WebSockets, which Shutdown does not know
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		err = errors.Join(err, server.Close())
		log.Warn("requests were cut off", "error", err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// readyLine is what a client needs to know about the server.
type readyLine struct {
	URL            string `json:"url"`
	ApplicationID  string `json:"applicationId"`
	PrivateKeyFile string `json:"privateKeyFile"`
	APIKey         string `json:"apiKey"`
	APISecret      string `json:"apiSecret"`
	ControlToken   string `json:"controlToken,omitempty"`
}

// announce writes the ready line to ready.json, for its owner only, and to stdout.
func announce(data string, r readyLine, stdout io.Writer) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if err := durable.WriteFile(filepath.Join(data, "ready.json"), line, 0o600); err != nil {
		return err
	}
	_, err = stdout.Write(line)
	return err
}
