package main

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"reelcheck/conformance/sink"
)

// sinkCommand serves a webhook receiver that the suite reads over HTTP. It runs in the container of `make
// test-containers`, or on a host that the target can reach when it cannot reach the suite.
func sinkCommand(*int) *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "sink",
		Short: "Receive webhooks for a suite that runs elsewhere",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			listener, err := (&net.ListenConfig{}).Listen(cmd.Context(), "tcp", listen)
			if err != nil {
				return fmt.Errorf("--listen: %w", err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), "listening on", listener.Addr())
			server := &http.Server{Handler: &sink.Receiver{}, ReadHeaderTimeout: 10 * time.Second}
			failed := make(chan error, 1)
			go func() { failed <- server.Serve(listener) }()
			select {
			case err := <-failed:
				return &faultError{err}
			case <-cmd.Context().Done():
			}
			err = server.Close()
			<-failed
			return err
		},
	}
	cmd.Flags().StringVar(&listen, "listen", ":8080", "address to listen on")
	return cmd
}
