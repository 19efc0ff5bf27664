// Command whip-adapter is an adapter (spec/publisher-protocol.md) whose clients publish over WHIP, as those of the driver
// whip do. It shows that a run with the driver command judges as much.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"reelcheck/conformance/publisher/wire"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "whip-adapter:", err)
		os.Exit(1)
	}
}

// run does what the lines of in say until it ends.
func run(ctx context.Context, in io.Reader, out io.Writer) (err error) {
	a, err := open(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	s := bufio.NewScanner(in)
	s.Buffer(make([]byte, 0, 64<<10), wire.MaxLine)
	for s.Scan() {
		var c wire.Command
		if err := wire.Decode(s.Bytes(), &c); err != nil {
			return err
		}
		a.running.Go(func() {
			l, err := a.obey(ctx, c)
			a.answer(c, l, err)
		}) // clients act side by side
	}
	return s.Err()
}
