// Package live measures the server as it ships while it records live: archived runs as a process, a second process publishes
// to it in real time, and the files are compared with what was sent.
//
// The caller is a program beside which archived lies. When it is started with -publish, it must call [Publish]: it is its
// own second process.
package live

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"reelcheck/reference/cmd/bench/internal/media"
)

// The names of the cases, in what is printed too, and how many seconds each records by default.
const (
	SessionCase       = "live-16"
	SessionSeconds    = 60
	CapacityCase      = "live-capacity"
	CapacitySeconds   = 30 // of each step
	IndividualCase    = "individual-50"
	IndividualSeconds = 60
)

const liveStreams = 16

// Bench is what the cases share.
type Bench struct {
	Dir   string // for journals and files
	Cache string // for generated media
	Out   io.Writer
}

// liveFigures are what recording live took and gave.
type liveFigures struct {
	backlog     time.Duration // what there was left to do when an archive was stopped; the most of all archives
	lost, shown int           // frames that left the publisher and cannot be seen in the files, and those that can
	cpu         time.Duration // of the server and its children
	publishing  time.Duration // of the publishing process
}

// Session measures one session with many publishers.
func (b Bench) Session(ctx context.Context, seconds int) error {
	inputs, err := media.Inputs(ctx, b.Cache, liveStreams, media.VGA)
	if err != nil {
		return err
	}
	f, err := b.recordLive(ctx, [][]media.Input{inputs}, seconds)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.Out, "bench: case="+SessionCase+" backlog_s=%.2f lost=%d shown=%d seconds=%d cores=%.2f\n",
		f.backlog.Seconds(), f.lost, f.shown, seconds, f.cpu.Seconds()/float64(seconds))
	return nil
}

// recordLive records sessions, each with its publishers and one composed archive. A second process publishes.
func (b Bench) recordLive(ctx context.Context, sessions [][]media.Input, seconds int) (f liveFigures, err error) {
	dir, err := os.MkdirTemp(b.Dir, "live-")
	if err != nil {
		return liveFigures{}, err
	}
	defer os.RemoveAll(dir)
	h := &harness{ctx: ctx}
	err = h.do(func() {
		s := startServer(h, filepath.Join(dir, "data"))
		var streams []published
		publishers := map[string]int{} // by archive
		for _, inputs := range sessions {
			id := s.session()
			publishers[s.record(id, nil)] = len(inputs)
			for _, in := range inputs {
				streams = append(streams, published{SessionID: id, Token: s.client(id), Video: in.Video, Sound: in.Sound})
			}
		}
		p := s.publish(streams)
		time.Sleep(time.Duration(seconds) * time.Second)
		var done []recorded
		done, f.backlog = s.finish(slices.Collect(maps.Keys(publishers)))
		f.publishing = p.stop()
		for _, a := range done {
			file := filepath.Join(dir, a.ID+".mp4")
			must(h, download(ctx, a.URL, file))
			shown, lost, err := missing(ctx, file, publishers[a.ID])
			must(h, err)
			f.shown, f.lost = f.shown+shown, f.lost+lost
		}
		f.cpu = s.stop()
	})
	return f, err
}
